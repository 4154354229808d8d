"""Compiled research runs of the hierarchical adaptive strategy."""
