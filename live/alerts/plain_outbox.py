"""Alerts of runs that had no ledger to write to: `outbox.jsonl` beside it, taken in by the next program.

A line is written whole or, after a power cut, cut off (then it is skipped). Taking in moves the file aside
first, so that no line written meanwhile is lost; a line taken in twice is one alert.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from backtest.calendar.sessions import NEW_YORK
from backtest.core.files import LARGE, read_regular
from live.ledger.alerts import Alerts

LOG = logging.getLogger("jutsu.alerts")
FILE: Final = "outbox.jsonl"
_ASIDE: Final = "outbox.taking.jsonl"


@dataclass(frozen=True, slots=True)
class PlainAlert:
    """One alert; `at` is an aware instant, `delivered` says whether a channel took it already."""

    key: str
    level: str
    title: str
    body: str
    at: datetime
    delivered: bool


def keep(folder: Path, alert: PlainAlert) -> None:
    """Append an alert, on the disk when this returns. OSError: it could not be kept."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**asdict(alert), "at": alert.at.isoformat()}) + "\n"
    handle = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def kept(folder: Path) -> tuple[PlainAlert, ...]:
    """Return what waits to be taken in, oldest first."""
    return tuple(_read(folder / FILE))


def was_delivered(folder: Path, key: str, at: datetime) -> bool:
    """Return whether an alert of this key was delivered on the New York day of `at`."""
    day = at.astimezone(NEW_YORK).date()
    found = (alert for alert in kept(folder) if alert.key == key and alert.delivered)
    return any(alert.at.astimezone(NEW_YORK).date() == day for alert in found)


def take_in(folder: Path, outbox: Alerts) -> int:
    """Move what waits into the ledger and return how many that were; a delivered one is not sent again.

    OSError: the files cannot be read or moved; the next program tries again.
    """
    path, aside = folder / FILE, folder / _ASIDE
    if not aside.exists():
        if not path.exists():
            return 0
        path.rename(aside)
    count = 0
    for alert in _read(aside):
        if outbox.exists(alert.key, alert.at):
            continue
        row = outbox.add(alert.key, level=alert.level, title=alert.title, body=alert.body, at=alert.at)
        if alert.delivered:
            outbox.mark_sent(row.id, at=alert.at)
        count += 1
    aside.unlink()
    return count


def _read(path: Path) -> Iterator[PlainAlert]:
    try:
        lines = read_regular(path, LARGE).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            data: dict[str, Any] = json.loads(line)
            yield PlainAlert(**{**data, "at": datetime.fromisoformat(data["at"])})
        except (ValueError, TypeError, KeyError):
            LOG.warning("%s: a line that was not written whole is skipped", path)
