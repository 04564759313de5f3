"""How a source is read into an inventory, one file per kind."""
