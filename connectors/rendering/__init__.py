"""From a stored reply to what a channel can show: one place for all channels."""
