"""How a walk-forward cuts its sessions: train windows, test windows, what is dropped between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from backtest.core.errors import DataError, UsageError

ANCHORED: Final = "anchored"
ROLLING: Final = "rolling"
KINDS: Final = (ANCHORED, ROLLING)
_SPAN: Final = re.compile(r"([1-9]\d{0,3})\s*(d|m|y)")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as a person writes it: 3y, 6m or 180d (calendar days)."""

    count: int
    unit: str

    def after(self, day: date) -> date:
        """Return the day this span later; the last day of a shorter month."""
        if self.unit == "d":
            return day + timedelta(days=self.count)
        months = day.year * 12 + day.month - 1 + self.count * (12 if self.unit == "y" else 1)
        year, month = divmod(months, 12)
        for day_of_month in (day.day, 30, 29, 28):
            try:
                return date(year, month + 1, day_of_month)
            except ValueError:
                continue
        raise UsageError(f"{self} after {day} is no date", where="walk_forward")

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def parse_span(text: object, where: str) -> Span:
    """Return the span a person wrote. UsageError: it is none."""
    found = _SPAN.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    if found is None:
        raise UsageError(f"must be a span like 3y, 6m or 180d, got {text!r}", where=where)
    return Span(int(found[1]), found[2])


@dataclass(frozen=True, slots=True)
class FoldPlan:
    """How the folds are cut.

    Attributes:
        kind: one of `KINDS`; anchored train windows all begin at the start.
        train: length of the (first) train window.
        test: length of a test window.
        step: from one test window to the next.
        purge: last sessions of a train window that are dropped.
        embargo: sessions dropped after a test block; used by combinatorial splits only.
    """

    kind: str
    train: Span
    test: Span
    step: Span
    purge: int = 0
    embargo: int = 0


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold, in rows of the sessions; windows include both ends.

    Attributes:
        train: first and last row.
        test: first and last row.
        pooled_until: last row of the test window that the pooled result takes from this fold.
    """

    train: tuple[int, int]
    test: tuple[int, int]
    pooled_until: int


def cut(plan: FoldPlan, sessions: Sequence[date], start: int = 0) -> tuple[Fold, ...]:
    """Return the folds of the sessions from row `start` on.

    A last test window that the sessions do not fill is kept when it holds at least half of its length;
    every session is pooled at most once.

    Raises:
        DataError: not even one fold fits.
    """
    folds = list(_folds(plan, sessions, start))
    if not folds:
        raise DataError(
            f"no fold fits: train {plan.train} and test {plan.test} from {sessions[start]} to {sessions[-1]}",
            where="walk_forward",
            remedy="shorten the windows",
        )
    return tuple(folds)


def _folds(plan: FoldPlan, sessions: Sequence[date], start: int) -> Iterator[Fold]:
    begin = sessions[start]
    test_begin = plan.train.after(begin)
    while True:
        test_end = plan.test.after(test_begin)
        next_begin = plan.step.after(test_begin)
        train_first = _row(sessions, begin)
        test_first, test_last = _row(sessions, test_begin), _row(sessions, test_end) - 1
        train_last = test_first - 1 - plan.purge
        available = (sessions[-1] - test_begin).days + 1
        if test_first >= len(sessions) or 2 * available < (test_end - test_begin).days:
            return
        if train_last > train_first and test_last >= test_first:
            pooled = min(test_last, _row(sessions, next_begin) - 1)
            yield Fold((train_first, train_last), (test_first, test_last), pooled)
        if plan.kind == ROLLING:
            begin = plan.step.after(begin)
        test_begin = next_begin


def _row(sessions: Sequence[date], day: date) -> int:
    """Return the row of the first session on or after a day; the number of sessions when there is none."""
    from bisect import bisect_left

    return bisect_left(sessions, day)
