"""The decision rules, one file per decision."""
