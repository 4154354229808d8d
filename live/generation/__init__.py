"""Stage 1 in steps: is a file due, market data, candidates, proposal."""
