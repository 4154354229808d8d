"""Alpaca: connection, order translation, broker."""
