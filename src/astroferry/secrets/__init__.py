"""Where secret values live, one file per place, one contract."""
