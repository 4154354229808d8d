"""Opening a run: settings, ledger, clock, feed, broker; and its end."""
