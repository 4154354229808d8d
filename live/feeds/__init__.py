"""Market data vendors behind one protocol."""
