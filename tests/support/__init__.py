"""Worlds, contracts and helpers that tests share."""
