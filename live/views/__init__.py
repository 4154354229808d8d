"""Read models: frozen, typed values that commands print and the web side will serve."""
