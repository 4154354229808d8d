"""CSV files as vendors and people write them: what a file is, is found out from the file itself, and told.

`read.judge` is the whole reader; `options` says what a person may state, `model` what comes out. Nothing is
guessed: where a file allows two readings, it is refused with the flag that decides.
"""
