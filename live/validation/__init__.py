"""Live results against the backtest of the same session."""
