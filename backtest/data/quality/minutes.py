"""Whether minute bars can be believed: rows that are wrong, double or out of order; days that are short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.calendar.trading_days import DayRows
from backtest.core.bars import DateArray, FloatArray
from backtest.core.errors import Finding
from backtest.core.intraday_bars import PRICES, IntradayBars

#: A day of a market that is open 23 hours has more bars than this.
MIN_DAY_BARS: Final = 600
_FIX: Final = "correct or remove the row"
#: Fewer rows than this may lie apart in a quiet market without being bars of a longer time.
_ENOUGH_ROWS: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class MinuteRows:
    """Rows that were read and not yet judged: minutes (n,), columns by name (n,), and the line of each."""

    minutes: DateArray
    values: Mapping[str, FloatArray]
    lines: Sequence[int]


def judge_minutes(rows: MinuteRows, name: str) -> Iterator[Finding]:
    """Yield what is wrong with the rows of a file, by its lines: what `IntradayBars` would refuse."""
    values = rows.values
    steps = np.diff(rows.minutes).astype(np.int64)
    unusable = {column: ~(np.isfinite(values[column]) & (values[column] > 0)) for column in PRICES}
    top, bottom = (bound(values["open"], values["close"]) for bound in (np.maximum, np.minimum))
    judged: list[tuple[str, NDArray[np.bool_]]] = [
        ("is the same minute as the row before", np.r_[False, steps == 0][: len(rows.minutes)]),
        ("is earlier than the row before", np.r_[False, steps < 0][: len(rows.minutes)]),
        *((f"has no usable {column}", wrong) for column, wrong in unusable.items()),
        ("has no usable volume", ~(np.isfinite(values["volume"]) & (values["volume"] >= 0))),
        (
            "has open or close outside low to high",
            ((top > values["high"]) | (bottom < values["low"])) & ~np.any(list(unusable.values()), axis=0),
        ),
    ]
    found = sorted((int(row), what) for what, wrong in judged for row in np.nonzero(wrong)[0])
    for row, what in found:
        yield Finding(f"{name}:{rows.lines[row]}", f"{rows.minutes[row]} {what}", _FIX)


def longer_step(minutes: DateArray) -> int | None:
    """Return the fewest minutes between rows that never lie one minute apart: bars of a longer time.

    None when some do, or when there are too few rows to tell.
    """
    if len(minutes) < _ENOUGH_ROWS:
        return None
    closest = int(np.diff(minutes).astype(np.int64).min())
    return closest if closest > 1 else None


@dataclass(frozen=True, slots=True)
class MinuteSummary:
    """What is there and what is missing, for a person.

    Attributes:
        bars: in the days below.
        days: trading days from Monday to Friday with a bar.
        short: those with fewer than `MIN_DAY_BARS`.
        missing: minutes without a bar between the first and the last of their day.
        longest_gap: minutes of the longest such hole.
        gap_day: the day of it.
    """

    bars: int
    days: int
    short: tuple[date, ...]
    missing: int
    longest_gap: int
    gap_day: date | None

    def line(self) -> str:
        """Return one line."""
        parts = [f"{self.bars:,} bars on {self.days:,} days"]
        if self.short:
            parts.append(f"{len(self.short):,} days with fewer than {MIN_DAY_BARS} bars")
        if self.missing:
            parts.append(
                f"{self.missing:,} minutes without a bar, longest gap {self.longest_gap:,} on {self.gap_day}"
            )
        return "; ".join(parts)


def summarise(bars: IntradayBars, days: Sequence[DayRows]) -> MinuteSummary:
    """Return what the trading days of minute bars hold and lack."""
    holes = [
        (int(np.diff(bars.minutes[d.first : d.end]).astype(np.int64).max(initial=1)) - 1, d) for d in days
    ]
    span = sum(int((bars.minutes[d.end - 1] - bars.minutes[d.first]).astype(np.int64)) + 1 for d in days)
    held = sum(d.end - d.first for d in days)
    longest, where = max(holes, key=lambda hole: hole[0], default=(0, None))
    return MinuteSummary(
        bars=held,
        days=len(days),
        short=tuple(d.day.day for d in days if d.end - d.first < MIN_DAY_BARS),
        missing=span - held,
        longest_gap=longest,
        gap_day=where.day.day if where is not None and longest else None,
    )
