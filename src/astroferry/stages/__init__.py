"""The wizard, in order."""
