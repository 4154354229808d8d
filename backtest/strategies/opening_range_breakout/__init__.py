"""Opening-range breakout: labels, rules of break, confirmation, entry and exit, costs and filters."""
