"""The embedded paper broker: engine, rules, store."""
