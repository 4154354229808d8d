"""Benchmarks: figures before and after, never part of `make test`."""
