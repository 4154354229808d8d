"""The command line of the rules: `python -m backtest`."""
