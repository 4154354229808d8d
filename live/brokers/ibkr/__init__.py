"""Interactive Brokers: port to the vendor's library, broker."""
