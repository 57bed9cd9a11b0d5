"""Other desks: agents who sit in Chatwoot or Zammad instead of at our own console. ADR 18, docs/desks.md."""
