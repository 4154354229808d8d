"""Gateway, imitated at the level of its messages."""
