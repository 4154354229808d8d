"""The one place where a program of ours prints for a person."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Final, TextIO

from live.system.account_words import own_commands
from live.system.redaction import redact

#: what may stand in a text besides printable characters: lines, columns, and the blank of a drawn code
_LAYOUT: Final = "\n\t\xa0"


def visible(text: str) -> str:
    """Return a text with every character that is not shown as itself as its escape, line breaks kept.

    Notes, reasons of a broker and names of files may hold escape sequences that clear or colour a terminal,
    and marks that turn the direction of writing.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _LAYOUT else repr(c)[1:-1] for c in text)


def say(line: str) -> None:
    """Print one line for the person (standard output, no colour)."""
    _print(line, sys.stdout)


def complain(line: str) -> None:
    """Print one line about a problem (standard error)."""
    _print(line, sys.stderr)


def _print(line: str, stream: TextIO) -> None:
    """Print a line; a closed pipe or a full disk behind the screen must not keep anybody from trading."""
    try:
        print(visible(redact(own_commands(line))), file=stream, flush=True)  # cron mails what is printed
    except OSError as error:
        logging.getLogger("jutsu").warning("the screen cannot be written: %s", error)
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_text() -> None:
    """Let a screen that knows fewer characters show a question mark instead of ending the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in {"utf-8", "utf8"}:
            stream.reconfigure(errors="replace")
