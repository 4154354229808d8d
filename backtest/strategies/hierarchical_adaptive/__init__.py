"""The hierarchical adaptive strategy (v3.5b): series, regimes, weights, decisions."""
