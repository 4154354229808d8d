"""Stage 2 of a book of breakouts: a session of minute bars, from plan to journal."""
