"""The machine: clock, logs, screen, locks, redaction, start-up."""
