"""Is the best of many only lucky? Statistics of Sharpe ratios, splits and data snooping; pure functions."""
