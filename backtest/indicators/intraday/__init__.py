"""Quantities of minute bars: the grid that prices lie on, volume against earlier days."""
