"""What the wizard shows beside its list of stages, one panel for each kind of stop."""
