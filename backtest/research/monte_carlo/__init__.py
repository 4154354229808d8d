"""What luck, other parameters, other prices and bad days would have made of a backtest."""
