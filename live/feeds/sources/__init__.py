"""Vendors that fill the bar store."""
