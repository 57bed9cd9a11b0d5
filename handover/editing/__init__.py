"""Editors at the desk: what they propose, who approves it, and how it reaches the knowledge service."""
