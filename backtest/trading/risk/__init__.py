"""Rules that stop entries when an account loses too much."""
