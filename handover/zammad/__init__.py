"""Zammad for what is answered later: docs/desks.md."""
