"""Charles Schwab: login, token, connection, account, orders, broker."""
