"""Sizing, limits, fills and the execution rules file: how a decision becomes shares and prices."""
