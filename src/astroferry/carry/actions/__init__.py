"""The actions, one file per kind of thing they make."""
