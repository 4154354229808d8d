"""The one place where a program of ours prints for a person."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

from live.system.redaction import redact


def say(line: str) -> None:
    """Print one line for the person (standard output, no colour)."""
    _print(line, sys.stdout)


def complain(line: str) -> None:
    """Print one line about a problem (standard error)."""
    _print(line, sys.stderr)


def _print(line: str, stream: TextIO) -> None:
    """Print a line; a closed pipe or a full disk behind the screen must not keep anybody from trading."""
    try:
        print(redact(line), file=stream, flush=True)  # cron mails what is printed
    except OSError as error:
        logging.getLogger("jutsu").warning("the screen cannot be written: %s", error)
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_text() -> None:
    """Let a screen that knows fewer characters show a question mark instead of ending the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in {"utf-8", "utf8"}:
            stream.reconfigure(errors="replace")
