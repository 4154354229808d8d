"""Patterns over a whole series that no market makes: copied or frozen days, shifted or swapped columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.data.quality.findings import Kind, PriceFinding, Severity
from backtest.data.quality.relations import SHIFT_BLOCK, Paired, shifted_blocks
from backtest.data.quality.robust import WINDOW, log_ratio, medians
from backtest.data.quality.splits import BoolArray

#: how many sessions back an equal day counts as copied
COPY_WINDOW: Final = 250
#: sessions per block of the test for swapped columns
SWAP_BLOCK: Final = 120
#: overnight gaps larger than this many times the gaps of swapped columns mean that they are swapped
SWAP_CLEAR: Final = 1.1
#: volume this many times above or below its median of the 60 sessions before is doubtful
VOLUME_RATIO: Final = 50.0
_CHECK = "compare the rows with a second source"
_PRICES = ("open", "high", "low", "close")


def judge_pattern(bars: Bars) -> Iterator[PriceFinding]:
    """Yield what is odd about the rows of one symbol; a run of odd rows is one finding on its last day."""
    if not len(bars):
        return
    flat = (bars.open == bars.high) & (bars.high == bars.low) & (bars.low == bars.close)
    yield from _runs(bars, flat, "frozen", lambda n: f"open, high, low and close are equal{_in_a_row(n)}")
    yield from _runs(bars, bars.volume == 0, "volume", lambda n: f"volume is 0{_in_a_row(n)}")
    yield from _odd_volumes(bars)
    same = np.zeros(len(bars), dtype=np.bool_)
    same[1:] = np.logical_and.reduce([getattr(bars, f)[1:] == getattr(bars, f)[:-1] for f in _PRICES])
    yield from _runs(bars, same, "copied", lambda n: f"{n + 1} identical bars in a row")
    yield from _copies(bars, same)
    yield from _swapped(bars)


def judge_shifts(pairs: Iterable[Paired]) -> Iterator[PriceFinding]:
    """Yield an error for each stretch in which a fund and its index fit only when moved by a session."""
    for days in pairs:
        for _, blocks in _stretches([(at // SHIFT_BLOCK, at) for at, _ in shifted_blocks(days)]):
            yield _shift_finding(days, blocks[0], blocks[-1] + SHIFT_BLOCK - 1)


def _shift_finding(days: Paired, start: int, end: int) -> PriceFinding:
    fund, index, multiple = days.relation.symbol, days.relation.index, days.relation.multiple
    first, last = _day(days, start), _day(days, end)
    text = f"from {first} to {last} its days fit {multiple:g} x {index} only when moved by a session"
    remedy = f"the dates of {fund} or {index} are wrong: {_CHECK}"
    return PriceFinding(fund, last, "shifted", "error", text, remedy, first=first)


def _day(days: Paired, position: int) -> date:
    day: date = days.dates[min(position, len(days.rows) - 1)].item()
    return day


def _runs(bars: Bars, odd: BoolArray, kind: Kind, problem: Callable[[int], str]) -> Iterator[PriceFinding]:
    for first, rows in _stretches([(row, row) for row in np.flatnonzero(odd).tolist()]):
        yield _finding(bars, rows[-1], kind, "suspicion", problem(rows[-1] - first + 1))


def _stretches(marked: Sequence[tuple[int, int]]) -> Iterator[tuple[int, list[int]]]:
    """Group pairs with consecutive numbers; yield the first number and the values of each group."""
    group: list[int] = []
    first = previous = -2
    for number, value in marked:
        if group and number != previous + 1:
            yield first, group
            group = []
        first = first if group else number
        group.append(value)
        previous = number
    if group:
        yield first, group


def _copies(bars: Bars, beside: BoolArray) -> Iterator[PriceFinding]:
    """Yield days whose bar, volume included, equals an earlier one; neighbours are named elsewhere."""
    order = np.argsort(bars.close, kind="stable")
    equal = np.flatnonzero(np.diff(bars.close[order]) == 0)
    if not len(equal):
        return
    before, after = order[equal], order[equal + 1]  # stable order: the later row of a pair is the copy
    columns = (bars.open, bars.high, bars.low, bars.volume)
    copied = np.logical_and.reduce([column[before] == column[after] for column in columns])
    copied &= (after - before > 1) & (after - before <= COPY_WINDOW) & ~beside[after]
    for source, row in zip(before[copied].tolist(), after[copied].tolist(), strict=True):
        text = f"the bar equals that of {bars.dates[source]}, volume included"
        yield _finding(bars, row, "copied", "suspicion", text)


def _swapped(bars: Bars) -> Iterator[PriceFinding]:
    """Yield blocks of sessions whose opens continue the closes only when both columns change places."""
    count = len(bars) - 1
    if count < SWAP_BLOCK:
        return
    first = count % SWAP_BLOCK
    as_is = _blocks(log_ratio(bars.open[1:], bars.close[:-1]), first)
    changed = _blocks(log_ratio(bars.close[1:], bars.open[:-1]), first)
    with np.errstate(invalid="ignore"):
        blocks = np.flatnonzero((as_is > SWAP_CLEAR * changed) & (changed > 0))
    marked = [(block, first + 1 + block * SWAP_BLOCK) for block in blocks.tolist()]
    for _, rows in _stretches(marked):
        first_day, end = bars.dates[rows[0]].item(), rows[-1] + SWAP_BLOCK - 1
        text = f"from {first_day} to {bars.dates[end]} open and close look swapped"
        yield replace(_finding(bars, end, "swapped", "error", text), first=first_day)


def _blocks(steps: FloatArray, first: int) -> FloatArray:
    return medians(np.abs(steps[first:]).reshape(-1, SWAP_BLOCK))


def _odd_volumes(bars: Bars) -> Iterator[PriceFinding]:
    steps = np.abs(log_ratio(bars.volume[1:], bars.volume[:-1]))
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(steps > math.log(VOLUME_RATIO) / 2) + 1
    for row in rows.tolist():
        past = bars.volume[max(0, row - WINDOW) : row]
        usual, now = float(medians(past)), float(bars.volume[row])
        if usual > 0 and not 1 / VOLUME_RATIO < now / usual < VOLUME_RATIO:
            text = f"volume {now:.0f}, usually {usual:.0f}"
            yield _finding(bars, row, "volume", "suspicion", text)


def _in_a_row(count: int) -> str:
    return f" on {count} sessions in a row" if count > 1 else ""


def _finding(bars: Bars, row: int, kind: Kind, severity: Severity, problem: str) -> PriceFinding:
    day = bars.dates[row].item()
    return PriceFinding(bars.symbol, day, kind, severity, problem, _CHECK)
