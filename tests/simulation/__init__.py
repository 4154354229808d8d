"""Deterministic simulation: the whole system in one process, one seed decides everything (docs/proof.md)."""
