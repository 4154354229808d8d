"""The simulator of strategies that hold single positions with stops."""
