"""Copies of the ledger while it is in use, and `state.json` for people."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from backtest.core.files import write_atomic
from live.ledger.errors import LedgerDamaged, LedgerUnavailable

#: key of what the newest rehearsal of a restore said, kept for the whole installation
REHEARSED: Final = "backup_rehearsed"

_NAME: Final = re.compile(r"ledger-(\d{4}-\d{2}-\d{2})\.db")
_NEW_YORK: Final = ZoneInfo("America/New_York")


def back_up(source: sqlite3.Connection, directory: Path, *, keep_days: int, now: datetime) -> Path:
    """Copy an open ledger to `ledger-<New York date>.db` and prune old copies.

    The copy is consistent although others may write meanwhile, is checked before it takes its name, holds
    everything in one file, and is readable by its owner only. The newest copy is never pruned.

    Raises:
        LedgerUnavailable: no space or permission. LedgerDamaged: what was copied is not intact.
    """
    day = now.astimezone(_NEW_YORK).date()
    target = directory / f"ledger-{day}.db"
    copy_to(source, target)
    prune(directory, keep_days=keep_days, today=day)
    return target


def copy_to(source: sqlite3.Connection, target: Path) -> None:
    """Copy an open ledger to a file that gets its name only when it is whole, checked and on the disk.

    Raises:
        LedgerUnavailable: no space or permission. LedgerDamaged: what was copied is not intact.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        discard(temporary)
        temporary.touch(mode=0o600)
        _copy(source, temporary)
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.OperationalError) as error:
        raise LedgerUnavailable(
            f"the backup failed: {error}",
            where=str(target),
            remedy="check space and permissions of the folder",
        ) from error
    finally:
        discard(temporary)


def backups(directory: Path) -> tuple[tuple[date, Path], ...]:
    """Return the copies, newest first; files of other names are not ours."""
    if not directory.is_dir():
        return ()
    found = ((_day_of(path), path) for path in directory.iterdir())
    return tuple(sorted(((day, path) for day, path in found if day is not None), reverse=True))


def _day_of(path: Path) -> date | None:
    """Return the day in a copy's name, None when it has none that exists."""
    match = _NAME.fullmatch(path.name)
    try:
        return None if match is None else date.fromisoformat(match[1])
    except ValueError:
        return None


def prune(directory: Path, *, keep_days: int, today: date) -> tuple[Path, ...]:
    """Delete copies older than `keep_days`, never the newest; return what was deleted."""
    old = [path for day, path in backups(directory)[1:] if day < today - timedelta(days=keep_days)]
    for path in old:
        path.unlink(missing_ok=True)
    return tuple(old)


def write_state_json(
    path: Path,
    *,
    last_run: datetime,
    mode: str,
    execution_time: str,
    positions: Mapping[str, int],
    equity: float,
    allocation: Mapping[str, float],
    context: Mapping[str, Any] | None = None,
) -> None:
    """Write what a person (or another program) wants to know; nothing of ours reads it back.

    Args:
        path: usually `state/state.json`.
        last_run: instant of the run.
        mode: `offline_mock` or `online_live`.
        execution_time: when the primary trades.
        positions: symbol -> shares.
        equity: of the account.
        allocation: symbol -> target weight.
        context: context columns of the last decision; the keys `last_cell` and `vol_state` of the document
            are always there, null where the strategy has no such column.
    """
    known = context or {}
    document: dict[str, Any] = {
        "last_run": last_run.isoformat().replace("+00:00", "Z"),
        "vol_state": known.get("vol_state"),
        "current_positions": dict(sorted(positions.items())),
        "account_equity": round(equity, 2),
        "last_cell": known.get("cell"),
        "last_allocation": dict(sorted(allocation.items())),
        "mode": mode,
        "execution_time": execution_time,
    }
    write_atomic(path, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())


def _copy(source: sqlite3.Connection, target: Path) -> None:
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        verdict: str = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    finally:
        copy.close()
    if verdict != "ok":
        raise LedgerDamaged(
            "the copy of the ledger is damaged", where=str(target), remedy="run `jutsu doctor`"
        )


def discard(path: Path) -> None:
    """Delete a temporary file, wherever the work on it stopped."""
    with contextlib.suppress(OSError):
        path.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
