"""Sessions of minute bars: opening ranges and breaks, and every outcome of a grid of strategies."""
