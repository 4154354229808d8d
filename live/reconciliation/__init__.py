"""Broker against ledger: comparison, adoption, manual sales, outcome of a run."""
