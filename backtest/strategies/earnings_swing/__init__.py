"""The earnings swing strategy: trend, selection, parameters, decisions."""
