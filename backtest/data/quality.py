"""What can be wrong with daily bars: rows, gaps, and histories that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, DateArray, FloatArray
from backtest.core.errors import DataError, Finding

Place = Callable[[int], str]
BoolArray = NDArray[np.bool_]

# Two prices of one session that differ by less than this decimal fraction count as equal. Real files need it
# twice: vendors take the close from the auction and the low from another tape (seen: a low 0.04 % above the
# close), and two downloads of one close differ by rounding. The smallest dividends change more.
SAME_PRICE = 5e-4
SPLITS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)

_FIX = "correct or remove the row"


@dataclass(frozen=True, slots=True)
class DatedFinding:
    """A finding and the session it concerns; `day` is None when it concerns the whole file.

    A run about an instant must not be influenced by anything later, so it only minds findings up to its day.
    """

    day: date | None
    finding: Finding

    def concerns(self, until: date) -> bool:
        """Tell whether a run that may know sessions up to `until` must mind it."""
        return self.day is None or self.day <= until


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


def refuse(findings: Sequence[Finding], where: str) -> None:
    """Raise one DataError that carries all `findings`; do nothing when there are none."""
    if findings:
        many = f"{len(findings)} defects, the first: " if len(findings) > 1 else ""
        raise DataError(f"{many}{findings[0]}", where=where, findings=findings)


def split_like(old: Bars, new: Bars) -> Finding | None:
    """Compare two histories of one symbol on their common dates.

    Returns:
        None when the closes agree (or nothing overlaps). A finding that names the common ratio when all
        closes changed by one factor (a split or a dividend adjustment), or one that calls it a data fault
        when the differences are scattered.
    """
    _, in_old, in_new = np.intersect1d(old.dates, new.dates, assume_unique=True, return_indices=True)
    if not len(in_old):
        return None
    ratios: FloatArray = new.close[in_new] / old.close[in_old]
    differing = np.abs(ratios - 1) > SAME_PRICE
    if not differing.any():
        return None
    ratio = float(np.median(ratios))
    telling = len(ratios) > 1 or split_factor(ratio) is not None  # one odd close alone is no common factor
    if telling and np.all(np.abs(ratios / ratio - 1) <= SAME_PRICE):
        return Finding(
            new.symbol,
            f"all {len(ratios)} common closes ({old.dates[in_old[0]]} to {old.dates[in_old[-1]]}) changed "
            f"by the factor {ratio:.6g}: {_name_of(ratio)}",
            "check the corporate action, then import again with --accept-split",
        )
    worst = int(np.argmax(np.abs(ratios - 1)))
    day = old.dates[in_old[worst]]
    return Finding(
        new.symbol,
        f"{int(differing.sum())} of {len(ratios)} common closes differ, most on {day}: "
        f"{old.close[in_old[worst]]} stored, {new.close[in_new[worst]]} new",
        "one of the two sources is faulty: compare them with a third",
    )


def common_ratio(old: Bars, new: Bars) -> float:
    """Return the median of new close / old close over the common dates, 1.0 when there are none."""
    _, in_old, in_new = np.intersect1d(old.dates, new.dates, assume_unique=True, return_indices=True)
    return float(np.median(new.close[in_new] / old.close[in_old])) if len(in_old) else 1.0


def split_factor(ratio: float) -> float | None:
    """Return the price factor of the split that `ratio` (new price / old price) looks like, None for none."""
    for shares in SPLITS:
        for factor in (1 / shares, shares):
            if abs(ratio / factor - 1) <= 0.005:
                return factor
    return None


def _name_of(ratio: float) -> str:
    factor = split_factor(ratio)
    if factor is None:
        return "looks like a dividend or other price adjustment"
    return (
        f"looks like a {1 / factor:g}-for-1 split"
        if factor < 1
        else f"looks like a 1-for-{factor:g} reverse split"
    )


def quantity_looks_like_split(ledger_quantity: int, broker_quantity: int) -> float | None:
    """Return broker / ledger shares when the pair looks like a split, else None.

    Whole shares are compared: a reverse split rounds down because fractions are paid in cash.
    """
    if ledger_quantity <= 0 or broker_quantity <= 0 or ledger_quantity == broker_quantity:
        return None
    for factor in SPLITS:
        if broker_quantity == int(ledger_quantity * factor):
            return factor
        if broker_quantity == int(ledger_quantity / factor):
            return 1 / factor
    return None
