"""The ledger: what we intended, sent, saw filled and why."""
