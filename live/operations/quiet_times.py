"""Quiet times: from some minutes before an execution window until its end nothing disturbing begins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from live.operations.watch import expected_books

if TYPE_CHECKING:
    from backtest.core.decision import ExecutionTime
    from live.settings.load import LoadedSettings


def quiet_until(times: Iterable[ExecutionTime], now: datetime, before: timedelta) -> datetime | None:
    """Return the end of the window that is near or open at `now`, the latest of several; None when none is.

    Args:
        times: execution times of the books.
        now: aware instant.
        before: how long before a window its quiet time begins.
    """
    session = calendar.session(now.astimezone(calendar.NEW_YORK).date())
    if session is None:
        return None
    windows = (calendar.window(session, name) for name in times)
    return max((w.closes_at for w in windows if w.opens_at - before <= now <= w.closes_at), default=None)


def quiet_for_books(loaded: LoadedSettings, now: datetime, before: timedelta) -> datetime | None:
    """Return `quiet_until` of the daily books. SettingsError, UsageError 2: a book or strategy is wrong."""
    strategies = loaded.path(loaded.settings.paths.strategies)
    books = expected_books(loaded.settings, strategies, loaded.parameter_overrides)
    return quiet_until({book.execution_time for book in books}, now, before)
