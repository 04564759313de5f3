"""The faces: Textual, prompts, headless; each only renders and edits."""
