"""Alerts: the outbox in the ledger and the channels they are delivered through."""
