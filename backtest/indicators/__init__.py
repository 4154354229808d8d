"""Indicators over daily and weekly bars, and the compiled loops below them."""
