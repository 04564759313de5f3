"""Screens that cover the whole terminal, and those that ask one thing and go."""
