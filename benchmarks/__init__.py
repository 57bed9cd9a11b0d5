"""Measurements beside their peers: docs/benchmarks.md. Run by hand, not by the tests."""
