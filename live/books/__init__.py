"""Books: which variants trade which account, and what a signal file of a book may hold."""
