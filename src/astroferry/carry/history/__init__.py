"""Finished runs, tasks and tries of the source as rows of the target: what people look at, not what runs."""
