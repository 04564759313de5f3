"""DAGs that we ship to the target for a moment, to see what a task sees there."""
