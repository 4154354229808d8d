"""What can be wrong with single rows of daily bars, and with the sessions between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, DateArray, FloatArray
from backtest.core.errors import Finding
from backtest.data.quality.findings import SAME_PRICE, DatedFinding

Place = Callable[[int], str]
BoolArray = NDArray[np.bool_]

_FIX = "correct or remove the row"


def check(bars: Bars, place: Place | None = None, *, known_gaps: Iterable[date] = ()) -> tuple[Finding, ...]:
    """Return everything wrong with one history, in the order of its rows, gaps last.

    Args:
        bars: daily bars of one symbol.
        place: names a row for people, e.g. ``QQQ.csv:17``; default is symbol and date.
        known_gaps: sessions that are known to be missing and need no finding.
    """
    there = np.concatenate([bars.dates, np.array(list(known_gaps), dtype="datetime64[D]")])
    return tuple(found.finding for found in (*judge_rows(bars, place), *judge_gaps(there, bars.symbol)))


def judge_rows(bars: Bars, place: Place | None = None) -> tuple[DatedFinding, ...]:
    """Return what is wrong with single rows: order, dates, prices, volume."""
    name = place or (lambda row: f"{bars.symbol} {bars.dates[row]}")
    found = [
        (int(row), Finding(name(int(row)), problem(int(row)), remedy))
        for wrong, problem, remedy in _row_rules(bars)
        for row in np.flatnonzero(wrong)
    ]
    found.sort(key=lambda item: item[0])
    return tuple(DatedFinding(bars.dates[row].item(), finding) for row, finding in found)


def _row_rules(bars: Bars) -> Iterable[tuple[BoolArray, Callable[[int], str], str]]:
    dates = bars.dates
    prices = (("open", bars.open), ("high", bars.high), ("low", bars.low), ("close", bars.close))
    if len(bars) > 1:
        step = np.diff(dates).astype(np.int64)
        yield np.append([False], step == 0), lambda row: f"{dates[row]} appears twice", _FIX
        yield (
            np.append([False], step < 0),
            lambda row: f"{dates[row]} comes after {dates[row - 1]}: not sorted",
            "sort the rows by date, oldest first",
        )
    yield ~_in_calendar(dates), lambda row: f"{dates[row]} {_why_closed(dates[row].item())}", _FIX
    for column, values in prices:
        yield _bad_price(values), _price_problem(column, values), _FIX
    yield (
        ~(np.isfinite(bars.volume) & (bars.volume >= 0)),
        lambda row: f"volume {bars.volume[row]} is {'negative' if bars.volume[row] < 0 else 'not a number'}",
        _FIX,
    )
    top, bottom = np.maximum(bars.open, bars.close), np.minimum(bars.open, bars.close)
    usable = ~np.any([_bad_price(values) for _, values in prices], axis=0)
    slack = SAME_PRICE * np.where(usable, bars.close, 0.0)
    yield (
        usable & (bars.high < top - slack),
        lambda row: f"high {bars.high[row]} is below open or close {top[row]}",
        _FIX,
    )
    yield (
        usable & (bars.low > bottom + slack),
        lambda row: f"low {bars.low[row]} is above open or close {bottom[row]}",
        _FIX,
    )


def _bad_price(values: FloatArray) -> BoolArray:
    wrong: BoolArray = ~(np.isfinite(values) & (values > 0))
    return wrong


def _price_problem(column: str, values: FloatArray) -> Callable[[int], str]:
    def problem(row: int) -> str:
        value = values[row]
        return f"{column} {value} is {'not positive' if np.isfinite(value) else 'not a number'}"

    return problem


def _in_calendar(dates: DateArray) -> BoolArray:
    if not len(dates):
        return np.zeros(0, dtype=np.bool_)
    first = max(dates.min().item(), calendar.table_starts())
    last = min(dates.max().item(), calendar.table_ends())
    if first > last:
        return np.zeros(len(dates), dtype=np.bool_)
    sessions = calendar.session_dates(first, last)
    if not len(sessions):
        return np.zeros(len(dates), dtype=np.bool_)
    if len(sessions) == len(dates) and bool(np.all(sessions == dates)):  # the usual history: whole
        return np.ones(len(dates), dtype=np.bool_)
    # np.isin would do, but loads numpy.ma, which a daily run pays for with 10 ms.
    nearest = np.minimum(np.searchsorted(sessions, dates), len(sessions) - 1)
    known: BoolArray = sessions[nearest] == dates
    return known


def _why_closed(day: date) -> str:
    if not calendar.table_starts() <= day <= calendar.table_ends():
        return "is outside the exchange calendar"
    return "is a week-end day" if day.weekday() > 4 else "is an exchange holiday"


def judge_gaps(dates: DateArray, symbol: str) -> tuple[DatedFinding, ...]:
    """Return one finding per run of sessions that are missing between the first and the last date."""
    inside = dates[_in_calendar(dates)]
    if not len(inside):
        return ()
    expected = calendar.session_dates(inside.min().item(), inside.max().item())
    if len(expected) == len(inside) and bool(np.all(expected == inside)):
        return ()
    present = np.zeros(len(expected), dtype=np.bool_)
    present[np.searchsorted(expected, inside)] = True
    missing = np.flatnonzero(~present)
    if not len(missing):
        return ()
    runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1)
    return tuple(DatedFinding(expected[run[0]].item(), _gap(symbol, expected[run])) for run in runs)


def _gap(symbol: str, missing: DateArray) -> Finding:
    days = f"{missing[0]}" if len(missing) == 1 else f"{missing[0]} to {missing[-1]}"
    count = "1 session is" if len(missing) == 1 else f"{len(missing)} sessions are"
    return Finding(symbol, f"{count} missing: {days}", "get the missing rows from your data source")
