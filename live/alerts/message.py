"""What a channel is given: one message, and the HTML of its second part where a channel can show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from live.settings.model import AlertLevel, Settings

#: first words of commands that are about the whole installation, or about no account
OF_NONE: Final = frozenset(
    {
        "dashboard",
        "data",
        "init",
        "jobs",
        "metrics",
        "monte-carlo",
        "optimize",
        "restore",
        "schedule",
        "study",
        "walk-forward",
    }
)
#: a command as messages write it: in backticks, as a line, or as the end of one behind an arrow
_COMMAND: Final = re.compile(r"(?m)`jutsu ([a-z-]+)[^`\n]*`|(?:(?<=→ )|^)jutsu ([a-z-]+)[a-z0-9 -]*$")


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        title: one line.
        body: text.
        html: the same as a whole HTML document, for mail; None: text alone.
    """

    title: str
    body: str
    level: AlertLevel
    html: str | None = None


def named(settings: Settings, title: str) -> str:
    """Return a title with the name of the account before it where there are several: `[ira] ...`."""
    return f"[{settings.account}] {title}" if settings.account else title


def with_account(settings: Settings, text: str) -> str:
    """Return a text in which every command of one account names it where there are several."""
    account = settings.account

    def own(found: re.Match[str]) -> str:
        command, word = found[0], found[1] or found[2]
        if not account or word in OF_NONE or "--account" in command:
            return command
        return f"{command.rstrip('`')} --account {account}{'`' if command.endswith('`') else ''}"

    return _COMMAND.sub(own, text)
