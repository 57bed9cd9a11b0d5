"""Rasa's custom actions: thin, one file per flow. They decide what to say and never write a sentence."""
