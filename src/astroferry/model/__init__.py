"""Pure data: what was found, what was decided, what was done; no I/O but its own files."""
