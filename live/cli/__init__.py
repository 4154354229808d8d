"""The command `jutsu`: one module per topic."""
