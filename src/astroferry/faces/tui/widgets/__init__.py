"""Widgets of our own: light on the wire, and words beside every sign."""
