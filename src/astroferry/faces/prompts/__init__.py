"""The plain face: the same stages, one question after the other on lines; for dumb terminals and screen readers."""
