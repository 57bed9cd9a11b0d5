"""Reports on an evaluation: figures with intervals, curves, plots, where errors go, and the page for decision-makers."""
