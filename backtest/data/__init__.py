"""Daily bars: the value, where they are kept and where they come from."""
