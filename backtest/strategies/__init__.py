"""Strategies: pure functions from bars and memory to a decision."""
