"""What Marlow's DAGs share."""
