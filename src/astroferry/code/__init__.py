"""DAG code: find it, read it, pack it."""
