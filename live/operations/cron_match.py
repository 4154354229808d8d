"""Whether the installed lines of a crontab start what they should: zones, books and accounts change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from live.operations.installed import BEGIN, END
from live.operations.next_starts import NextStart
from live.operations.schedule import STAGES, VALIDATE
from live.settings.accounts import ALL

_FIELDS: Final = 5
_ACCOUNT: Final = re.compile(r" --account (\S+)")


def not_started(
    text: str, folder: Path, coming: Iterable[NextStart], zone: tzinfo, account: str = ""
) -> NextStart | None:
    """Return the first start of a stage that the block of a project misses, None without a block.

    Of one of several accounts validation counts too: it ends at once where its line names no account.

    Args:
        text: the crontab.
        folder: the project.
        coming: what must start, in order.
        zone: of this machine, in whose time cron lives.
        account: name of one of several.
    """
    block = list(_block(text, folder))
    if not block:
        return None
    wanted = (*STAGES, VALIDATE) if account else STAGES
    starts = (start for start in coming if start.command in wanted)
    return next((s for s in starts if not any(_starts(line, s, zone, account) for line in block)), None)


def _block(text: str, folder: Path) -> Iterator[str]:
    lines = text.splitlines()
    begin, end = f"{BEGIN}{folder}", f"{END}{folder}"
    if begin in lines and end in lines:
        yield from lines[lines.index(begin) + 1 : lines.index(end)]


def _starts(line: str, start: NextStart, zone: tzinfo, account: str) -> bool:
    """Tell whether a line starts a command at an instant; one that cannot be read starts nothing."""
    fields = line.split(maxsplit=_FIELDS)
    if line.startswith("#") or len(fields) <= _FIELDS:
        return False
    local: datetime = start.at.astimezone(zone)
    values = (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7)
    program, _, rest = start.command.partition(" ")
    called = fields[_FIELDS].partition(">>")[0].replace("'", "")
    return (
        all(_holds(field, value) for field, value in zip(fields, values, strict=False))
        and f"/{program} {rest} " in f"{called} "
        and all((flag in rest) == (flag in called) for flag in ("--phase", "--strategy"))
        and is_about(called, start.command, account)
    )


def is_about(called: str, command: str, account: str) -> bool:
    """Tell whether the words of a start mean an account; a stage that names none has a turn for each."""
    named = _ACCOUNT.search(called)
    if named is None:
        return not account or command in STAGES
    return bool(account) and named[1] in {account, ALL}


def _holds(field: str, value: int) -> bool:
    """Tell whether a field of a cron line, as `jutsu schedule` writes them, holds a number."""
    if field == "*":
        return True
    for part in field.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and int(first) <= value <= int(last if last.isdecimal() else first):
            return True
    return False
