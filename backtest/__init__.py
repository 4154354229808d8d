"""The rules, and what simulates and studies them. No network, no clock, no broker, no ledger."""

__version__ = "0.1.0"
