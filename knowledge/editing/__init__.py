"""Editing the articles over HTTP: check, compare, write, keep the history. The files are ours; the people are the app's."""
