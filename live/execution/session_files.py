"""Which signal files a session has for the executor, and what it means when one is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.errors import SignalFileError, UsageError
from live.books.variants import BookVariant
from live.handoff.write import file_name

if TYPE_CHECKING:
    from live.runtime.runtime import RunContext


def session_files(context: RunContext, variants: Sequence[BookVariant], only: str | None) -> list[Path]:
    """Return the files of the daily primaries, and of those on request that have one or hold a stop's shares.

    Raises:
        UsageError: 2, `only` is no configured primary.
    """
    names = [variant.name for variant in variants if variant.role == "primary"]
    if only is not None:
        if only not in names:
            raise UsageError(f"{only} is no configured primary", where="books")
        names = [only]
    day = context.today().isoformat()
    daily = {book.primary for book in context.settings.books if book.run == "daily"}
    account = context.settings.account
    files = [(name, context.signals / file_name(day, name, account)) for name in names]
    guarded = {row.variant for row in context.ledger.positions.open_positions() if row.needs_stop}
    wanted = {*daily, *guarded, only}
    return [path for name, path in files if name in wanted or lies_there(path)]


def lies_there(path: Path) -> bool:
    """Whether reading the path has something to say: a link to nothing is there, and is wrong."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def variants_of(context: RunContext, path: Path, variants: Sequence[BookVariant]) -> tuple[BookVariant, ...]:
    """Return whose file of today is called like this."""
    day, account = context.today().isoformat(), context.settings.account
    return tuple(v for v in variants if path.name == file_name(day, v.name, account))


def nothing_due(context: RunContext, path: Path, variants: Sequence[BookVariant]) -> str:
    """Say that a session has no file.

    Raises:
        SignalFileError: 2, one was generated, and neither skipped nor carried out: a folder that could not be
            written, a file that was deleted.
    """
    day = context.today()
    rows = [context.ledger.signals.get(day, v.name) for v in variants_of(context, path, variants)]
    if any(row is not None and row.answer != "skip" and row.outcome != "completed" for row in rows):
        raise SignalFileError(
            "the file of this session was generated, but is not here: nothing was executed",
            where=str(path),
            remedy="`python -m live.signal_generator` puts it back while its window lasts",
        )
    names = {book.primary for book in context.settings.books if book.run == "daily"}
    due = not any(rows) and any(v.name in names for v in variants_of(context, path, variants))
    flag = f" --as-of {day}" if context.run.as_of else ""
    hint = f" (`python -m live.signal_generator{flag}` writes it)" if due else ""
    return f"no signal file is due: {path} does not exist{hint}"
