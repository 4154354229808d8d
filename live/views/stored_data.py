"""The stored bars: which symbols, how complete year by year, what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.errors import Finding
from backtest.data import quality
from backtest.data.quality.price_gate import judge_history

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.data.quality.known import Known

_SHOWN_GAPS: Final = 100


@dataclass(frozen=True, slots=True)
class YearCoverage:
    """Bars of a year against its sessions between the symbol's first bar and the newest closed session.

    Attributes:
        splits: recorded in this year.
    """

    year: int
    bars: int
    sessions: int
    splits: int


@dataclass(frozen=True, slots=True)
class StoredSymbol:
    """One symbol.

    Attributes:
        basis: what the prices hold: raw, split or total.
        missing: sessions without a bar between its first and its last one.
        behind: closed sessions after its last bar.
        used_by: variants of the books that read or trade it.
    """

    symbol: str
    source: str
    basis: str
    first: date
    last: date
    bars: int
    missing: int
    behind: int
    years: tuple[YearCoverage, ...]
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SymbolStatus:
    """One symbol, the newest sessions it lacks, and what is wrong or odd about its bars."""

    line: StoredSymbol
    gaps: tuple[date, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class BarColumns:
    """Bars as columns, oldest first.

    Attributes:
        next: ask with it as `before` for the bars before these, None when these are the first.
    """

    symbol: str
    time: tuple[date, ...]
    open: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    close: tuple[float, ...]
    volume: tuple[float, ...]
    next: date | None


def read_symbol(
    bars: Bars, newest: date, used_by: Iterable[str] = (), known: Known | None = None
) -> StoredSymbol:
    """Return how complete a symbol is.

    Args:
        bars: all of them, at least one.
        newest: the newest closed session.
        used_by: variants that need it.
        known: recorded actions.
    """
    expected = _sessions(bars.first, max(newest, bars.last))
    missing = _missing(bars)
    return StoredSymbol(
        symbol=bars.symbol,
        source=bars.source,
        basis=bars.basis,
        first=bars.first,
        last=bars.last,
        bars=len(bars),
        missing=len(missing),
        behind=sum(day > bars.last for day in expected if day <= newest),
        years=tuple(_years(bars, expected, _splits(bars.symbol, known))),
        used_by=tuple(used_by),
    )


def read_status(
    symbol: str, history: Mapping[str, Bars], newest: date, used_by: Iterable[str], known: Known
) -> SymbolStatus:
    """Return what is to be known of a symbol's bars.

    Args:
        symbol: of `history`, which also holds the symbols it is related to.
        history: bars by symbol.
        newest: the newest closed session.
        used_by: variants that need it.
        known: relations, recorded actions and confirmed prices.
    """
    bars = history[symbol]
    doubts = judge_history(history, known.relations, actions=known.actions, confirmed=known.confirmed)
    odd = tuple(found.finding() for found in doubts if found.symbol == symbol)
    gaps = _missing(bars)
    return SymbolStatus(
        line=read_symbol(bars, newest, used_by, known),
        gaps=tuple(gaps[-_SHOWN_GAPS:]),
        findings=(*quality.check(bars, known_gaps=gaps), *odd),
    )


def read_bars(bars: Bars, limit: int, before: date | None = None) -> BarColumns:
    """Return the newest `limit` bars before a day."""
    end = len(bars) if before is None else int(np.searchsorted(bars.dates, np.datetime64(before, "D")))
    rows = slice(max(0, end - limit), end)
    columns = {
        name: tuple(round(value, 6) for value in getattr(bars, name)[rows].tolist())
        for name in ("open", "high", "low", "close", "volume")
    }
    time = tuple(bars.dates[rows].tolist())
    return BarColumns(symbol=bars.symbol, time=time, **columns, next=time[0] if rows.start and time else None)


def _sessions(first: date, last: date) -> Sequence[date]:
    days: Sequence[date] = calendar.session_dates(first, last).tolist()
    return days


def _missing(bars: Bars) -> list[date]:
    present = set(bars.dates.tolist())
    return [day for day in _sessions(bars.first, bars.last) if day not in present]


def _splits(symbol: str, known: Known | None) -> Counter[int]:
    actions = () if known is None else known.actions
    return Counter(
        action.ex_date.year for action in actions if action.symbol == symbol and action.kind == "split"
    )


def _years(bars: Bars, expected: Sequence[date], splits: Counter[int]) -> Iterator[YearCoverage]:
    wanted = Counter(day.year for day in expected)
    present = Counter(day.year for day in bars.dates.tolist())
    for year in sorted({*wanted, *present}):
        yield YearCoverage(year, present[year], wanted[year], splits[year])
