"""Which days a store lacks, and what must be asked to fill them: the calendar minus what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, DateArray

#: stored sessions beside a gap that are asked again, to see whether the source still tells them alike
OVERLAP: Final = 5


@dataclass(frozen=True, slots=True)
class Days:
    """Sessions from `first` to `last`, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        """Return `2024-03-08` or `2024-03-08 to 2024-03-12`."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class SymbolPlan:
    """What one symbol needs.

    Attributes:
        symbol: ticker.
        stored: its stored bars as they are kept, None for a new symbol.
        missing: sessions without a bar, oldest first.
        asked: the days to ask a source for; they cover `missing` and sessions beside them.
        known_gaps: sessions that are known to lack prices.
    """

    symbol: str
    stored: Bars | None
    missing: DateArray
    asked: tuple[Days, ...]
    known_gaps: tuple[date, ...] = ()


def plan_days(
    symbol: str,
    stored: Bars | None,
    first: date,
    last: date,
    *,
    known_gaps: Iterable[date] = (),
    nothing_before: date | None = None,
) -> SymbolPlan:
    """Return what `symbol` lacks of the sessions from `first` to `last`.

    Args:
        symbol: ticker.
        stored: its stored bars, None for none; an unfinished last bar counts as missing.
        first: first day wanted.
        last: newest day whose bar can be final.
        known_gaps: sessions that a source has without prices; they are not asked for again.
        nothing_before: the source was asked from here on before and has nothing older than the stored bars.
    """
    if stored is not None and not len(stored):
        stored = None
    if stored is not None:  # a store has no holes: what lies between is wanted too
        asked_before = nothing_before is not None and nothing_before <= first
        first = stored.first if asked_before else min(first, stored.first)
        last = max(last, stored.first)
    first, last = max(first, calendar.table_starts()), min(last, calendar.table_ends())
    if first > last:
        return SymbolPlan(symbol, stored, np.zeros(0, "datetime64[D]"), ())
    wanted = calendar.session_dates(first, last)
    gaps = tuple(known_gaps)
    have = [np.array(gaps, dtype="datetime64[D]")]
    if stored is not None:
        have.append(stored.dates[: len(stored) - int(stored.provisional)])
    missing: DateArray = wanted[~np.isin(wanted, np.concatenate(have))]
    span = None if stored is None else Days(stored.first, stored.last)
    return SymbolPlan(symbol, stored, missing, days_to_ask(missing, span, OVERLAP), gaps)


def days_to_ask(missing: DateArray, stored: Days | None, overlap: int) -> tuple[Days, ...]:
    """Return stretches of missing sessions with `overlap` stored ones beside them, joined where they meet.

    `stored` is the first and last stored session, None for nothing.
    """
    if not len(missing):
        return ()
    every = calendar.session_dates(calendar.table_starts(), calendar.table_ends())
    places = np.searchsorted(every, missing)
    beside = 0 if stored is None else overlap
    edges = np.flatnonzero(np.diff(places) > 2 * beside + 1) + 1
    oldest, newest = missing[0].item(), missing[-1].item()
    if stored is not None:
        oldest, newest = min(oldest, stored.first), max(newest, stored.last)
    found = []
    for stretch in np.split(places, edges):
        low = max(0, int(stretch[0]) - beside)
        high = min(len(every) - 1, int(stretch[-1]) + beside)
        found.append(Days(max(every[low].item(), oldest), min(every[high].item(), newest)))
    return tuple(found)


def stretches(days: DateArray) -> tuple[Days, ...]:
    """Return sessions as runs without a session between them, for people."""
    if not len(days):
        return ()
    every = calendar.session_dates(days[0].item(), days[-1].item())
    places = np.searchsorted(every, days)
    edges = np.flatnonzero(np.diff(places) > 1) + 1
    return tuple(Days(run[0].item(), run[-1].item()) for run in np.split(days, edges))
