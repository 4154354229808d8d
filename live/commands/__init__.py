"""The topics of the `jutsu` command; each module has `register(app)`."""
