"""Bad days and bad years written into the bars, and the windows in which they really came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import Bars, FloatArray
from backtest.research.monte_carlo.price_changes import Relations, generator, promised, with_returns

#: crash of the index and over how many sessions
CRASH: Final = -0.20
CRASH_SESSIONS: Final = (1, 5, 20)
VOLATILITY: Final = 3.0
_FLOOR: Final = -0.95
SLIPPAGE_TIMES: Final = 5.0
_MISSING: Final = 0.05
_VOLUME_PART: Final = 0.1
CORRELATION: Final = 0.6
_YEAR: Final = 252
_STREAM: Final = 3
#: name, first and last session of what really happened
WINDOWS: Final = (
    ("credit crisis", date(2008, 9, 2), date(2009, 3, 9)),
    ("pandemic", date(2020, 2, 19), date(2020, 3, 23)),
    ("rising rates", date(2022, 1, 3), date(2022, 12, 30)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """Bars in which something bad happens.

    Attributes:
        name: short. what: in a sentence.
        history: bars by symbol.
        days: first and last session that trades.
        slippage_times: costs of every fill, as a multiple.
    """

    name: str
    what: str
    history: Mapping[str, Bars]
    days: tuple[date, date]
    slippage_times: float = 1.0


def scenarios(
    history: Mapping[str, Bars],
    relations: Relations,
    signals: Sequence[str],
    days: tuple[date, date],
    crash_on: date,
    seed: int,
) -> Iterator[Scenario]:
    """Yield every made-up scenario between two days; one that does not fit in is left out.

    Args:
        history: bars by symbol.
        relations: funds with their index.
        signals: what decisions read; the first one is the index that crashes.
        days: first and last session that trades.
        crash_on: first session of the crashes.
        seed: of the bars that go missing.
    """
    signal = signals[0]
    known = {symbol: bars.until(days[1]) for symbol, bars in history.items()}
    for sessions in CRASH_SESSIONS:
        crashed = crash(known, relations, signal, crash_on, sessions)
        if crashed is not None:
            what = f"{signal} {CRASH:.0%} over {sessions} session(s) from {crash_on}, funds by daily multiple"
            yield Scenario(f"crash in {sessions}", what, crashed, days)
    yield Scenario(
        "volatility", f"{VOLATILITY:g} times the volatility in the last {_YEAR} sessions", wild(known), days
    )
    yield Scenario(
        "low liquidity",
        f"slippage times {SLIPPAGE_TIMES:g}, {_MISSING:.0%} of the bars missing, a tenth of the volume",
        illiquid(known, signals, seed),
        days,
        SLIPPAGE_TIMES,
    )
    spliced = bear_after_bull(known, relations, signal, days)
    if spliced is not None:
        what = f"the best year of {signal} goes over into its worst; the others' correlation {CORRELATION:+g}"
        yield Scenario("bear after bull", what, spliced, days)


def crash(
    history: Mapping[str, Bars], relations: Relations, signal: str, day: date, sessions: int
) -> dict[str, Bars] | None:
    """Return bars with a crash of the signal by equal daily moves; None where the bars end before it does."""
    first = history[signal].row(day)
    if not first or first + sessions > len(history[signal]):
        return None
    dates = history[signal].dates[first : first + sessions]
    move = (1.0 + CRASH) ** (1.0 / sessions) - 1.0
    found = dict(history)
    for symbol, bars in history.items():
        root, multiple = promised(relations, symbol)
        rows = _rows_of(bars, dates)
        if root == signal and len(rows):
            found[symbol] = with_returns(bars, rows, np.full(len(rows), max(multiple * move, _FLOOR)))
    return found


def wild(history: Mapping[str, Bars]) -> dict[str, Bars]:
    """Return bars whose last year has three times the volatility: r = m + 3 (r - m), at least -95 %."""
    found = {}
    for symbol, bars in history.items():
        rows = np.arange(max(1, len(bars) - _YEAR), len(bars))
        returns = _returns(bars, rows)
        mean = returns.mean() if len(rows) else 0.0
        wider = np.maximum(mean + VOLATILITY * (returns - mean), _FLOOR)
        found[symbol] = with_returns(bars, rows, wider)
    return found


def illiquid(history: Mapping[str, Bars], signals: Sequence[str], seed: int) -> dict[str, Bars]:
    """Return bars with a tenth of the volume, of which all but the signals lack some."""
    found = {}
    for number, (symbol, bars) in enumerate(sorted(history.items())):
        kept = generator(seed, _STREAM, number).random(len(bars)) >= _MISSING
        some = bars if symbol in signals else bars.take(np.flatnonzero(kept))
        found[symbol] = replace(some, volume=some.volume * _VOLUME_PART)
    return found


def bear_after_bull(
    history: Mapping[str, Bars], relations: Relations, signal: str, days: tuple[date, date]
) -> dict[str, Bars] | None:
    """Return bars in which the worst year of the signal follows its best one; None in too short a history.

    Another index moves with the signal in that year, correlation +0.6 with its own mean and deviation, and
    takes its funds along.
    """
    bars = history[signal]
    first = max(1, int(np.searchsorted(bars.dates, np.datetime64(days[0], "D"))))
    growth = bars.close[first + _YEAR - 1 :] / bars.close[first - 1 : -_YEAR]
    if len(growth) <= _YEAR:
        return None
    best = int(np.argmax(growth[:-_YEAR]))  # the year after it must fit in
    into = np.arange(first + best + _YEAR, first + best + 2 * _YEAR)
    worst = np.arange(_YEAR) + first + int(np.argmin(growth))
    target, source = bars.dates[into], bars.dates[worst]
    moves = {s: _moves(b, source) for s, b in history.items()}
    index_moves = moves[signal]
    found = {}
    for symbol, own in history.items():
        root, multiple = promised(relations, symbol)
        wanted = moves[symbol]
        if root != signal and root in moves:
            wanted = np.maximum(multiple * correlated(moves[root], index_moves), _FLOOR)
        rows = _rows_of(own, target)
        there = np.isin(target, own.dates[rows])
        found[symbol] = with_returns(own, rows, wanted[there])
    return found


def correlated(returns: FloatArray, others: FloatArray) -> FloatArray:
    """Return a series with the mean and deviation of `returns` and a correlation of +0.6 with `others`."""
    spread, wide = float(returns.std()), float(others.std())
    if spread == 0.0 or wide == 0.0:
        return returns
    standard = (others - others.mean()) / wide
    own = (returns - returns.mean()) / spread
    rest = own - float((own * standard).mean()) * standard
    deviation = float(rest.std())
    rest = rest / deviation if deviation > 1e-12 else np.zeros_like(rest)
    found: FloatArray = returns.mean() + spread * (
        CORRELATION * standard + np.sqrt(1 - CORRELATION**2) * rest
    )
    return found


def _returns(bars: Bars, rows: NDArray[np.int64]) -> FloatArray:
    found: FloatArray = bars.close[rows] / bars.close[rows - 1] - 1.0
    return found


def _moves(bars: Bars, dates: NDArray[np.datetime64]) -> FloatArray:
    """Return the return of each day; 0 where there is no bar or none before."""
    found: FloatArray = np.zeros(len(dates))
    rows = _rows_of(bars, dates)
    found[np.isin(dates, bars.dates[rows])] = _returns(bars, rows)
    return found


def _rows_of(bars: Bars, dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the rows of those days that have a bar and one before."""
    rows = np.flatnonzero(np.isin(bars.dates, dates))
    return rows[rows > 0]
