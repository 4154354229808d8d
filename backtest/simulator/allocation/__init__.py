"""The simulator of strategies that hold target weights."""
