"""Virtual books of shadow variants."""
