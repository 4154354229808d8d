"""What the command lines read with argparse share: a refusal is one line, like every other."""

from __future__ import annotations

import argparse
from typing import NoReturn

from backtest.core.errors import UsageError


class OneLineParser(argparse.ArgumentParser):
    """A parser that raises what it refuses instead of printing pages and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError: what is wrong, and how to see what is allowed."""
        raise UsageError(message, remedy=f"{self.prog} --help")
