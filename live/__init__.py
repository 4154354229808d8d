"""The shell around the rules: talks to people, brokers, vendors and the ledger."""
