"""Import: what a city already has in writing (FAQ markup, web pages, sheets) becomes draft articles."""
