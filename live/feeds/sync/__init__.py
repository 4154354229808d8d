"""Filling the bar store from sources: what is missing, fetched, judged and kept."""
