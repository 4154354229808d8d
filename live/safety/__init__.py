"""Gates that stop a run before it can do harm."""
