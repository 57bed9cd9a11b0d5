"""Chatwoot as the desk: docs/desks.md."""
