"""Knowledge: the articles, and the code that validates, indexes, searches, serves and evaluates them."""
