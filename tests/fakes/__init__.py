"""Imitation broker servers that the real client libraries talk to over loopback HTTP."""
