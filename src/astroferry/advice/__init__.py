"""Pure thought over the inventory: no I/O."""
