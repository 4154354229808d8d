"""Live against the backtest of the same sessions: where the difference comes from."""
