"""Rasa's custom components: the only code of the project that runs in Rasa's own environment (Python 3.10)."""
