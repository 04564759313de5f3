"""The face without a face: a module per verb, data on stdout, narration on stderr, no question unless allowed."""
