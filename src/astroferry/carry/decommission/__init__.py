"""Leaving the old side: nothing runs there, a last backup is read back, Starship is gone, people confirm the rest."""
