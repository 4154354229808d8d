"""Shared values: bars, decisions, planned orders, execution rules, documents, files, errors."""
