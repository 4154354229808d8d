"""`python -m live.cli` is the same as `jutsu`."""

from live.cli.app import program

program()
