"""Commands in what a person is told name the account they are about, where there are several."""

from __future__ import annotations

import re
from typing import Final

#: of this process now: None while none was named. Set by the shells, read by everything that prints
ACCOUNT: Final[list[str | None]] = [None]
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
_COMMAND: Final = re.compile(
    r"(?m)`jutsu ([a-z-]+)[^`\n]*`|(?:(?<=→ )|^)jutsu ([a-z-]+)(?: [a-z0-9-]+)*(?=$| \[log: )"
)


def with_account(account: str | None, text: str) -> str:
    """Return a text in which every command of one account names it; unchanged without one, and for `all`."""
    if not account or account == "all" or not account.isalnum() or "jutsu " not in text:
        return text

    def own(found: re.Match[str]) -> str:
        command, word = found[0], found[1] or found[2]
        if word in OF_NONE or "--account" in command:
            return command
        return f"{command.rstrip('`')} --account {account}{'`' if command.endswith('`') else ''}"

    return _COMMAND.sub(own, text)


def own_commands(text: str) -> str:
    """Return a text as it is shown while this process works for `ACCOUNT`."""
    return with_account(ACCOUNT[0], text)
