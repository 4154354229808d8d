"""Performance figures and the tear sheet."""
