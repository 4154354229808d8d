"""Whether the installed lines of a crontab still start what they should: zones and books change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from pathlib import Path

from live.operations.installed import BEGIN, END
from live.operations.next_starts import NextStart
from live.operations.schedule import STAGES

_FIELDS = 5


def not_started(text: str, folder: Path, coming: Iterable[NextStart], zone: tzinfo) -> NextStart | None:
    """Return the first start of a stage that the block of a project misses, None without a block.

    Args:
        text: the crontab.
        folder: the project.
        coming: what must start, in order.
        zone: of this machine, in whose time cron lives.
    """
    block = list(_block(text, folder))
    if not block:
        return None
    stages = (start for start in coming if start.command in STAGES)
    return next((s for s in stages if not any(_starts(line, s, zone) for line in block)), None)


def _block(text: str, folder: Path) -> Iterator[str]:
    lines = text.splitlines()
    begin, end = f"{BEGIN}{folder}", f"{END}{folder}"
    if begin in lines and end in lines:
        yield from lines[lines.index(begin) + 1 : lines.index(end)]


def _starts(line: str, start: NextStart, zone: tzinfo) -> bool:
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
        and ("--phase" in rest) == ("--phase" in called)
    )


def _holds(field: str, value: int) -> bool:
    """Tell whether a field of a cron line, as `jutsu schedule` writes them, holds a number."""
    if field == "*":
        return True
    for part in field.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and int(first) <= value <= int(last if last.isdecimal() else first):
            return True
    return False
