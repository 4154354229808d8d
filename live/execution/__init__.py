"""Orders: the idempotent submission protocol and the executor's phases."""
