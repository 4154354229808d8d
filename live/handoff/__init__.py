"""The signal file: model, schema, canonical form, seal, difference, approval."""
