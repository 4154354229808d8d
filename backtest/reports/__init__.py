"""Reports to candidates: pure text in, values and findings out. Nothing here opens a file."""
