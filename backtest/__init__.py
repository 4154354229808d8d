"""The rules, and what simulates and studies them. No network, no clock, no broker, no ledger."""
