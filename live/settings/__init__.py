"""Settings: model, names, sources, manifest."""
