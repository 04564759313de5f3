"""The wire: one file per API; they raise only errors of `astroferry.errors`."""
