"""Where bars come from: CSV files and the seeded demo market."""
