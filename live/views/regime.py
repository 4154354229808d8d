"""The regime of a variant: its figures by session, the limits around the newest, what would change it.

Everything comes from the strategy's own decisions over stored bars, so a variant of any allocation strategy
has this view, and no rule is written twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from backtest.calendar import sessions as calendar
from backtest.core.decision import Book, Situation
from backtest.core.errors import DataError, UsageError
from backtest.strategies.terms import Boundary, context_of

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.core.decision import Decision
    from backtest.strategies.base import Evaluation, Strategy

#: moves of the next close that are tried, percent
MOVES: Final = (-5.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0)
PATH_SESSIONS: Final = 20
#: sessions of the longest answer: ten years
MOST_SESSIONS: Final = 2520
_NOT_SHOWN: Final = frozenset({"date", "deviation", "needs_rebalance"})


@dataclass(frozen=True, slots=True)
class PathStep:
    """The states of one session by name."""

    session: date
    states: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The next decision if the next close of the signal symbol moved, and nothing else did.

    Attributes:
        move_pct: of the close, percent.
        states: of that decision by name. targets: symbol -> weight, cash left out.
        different: the targets are not those of no move.
    """

    move_pct: float
    close: float
    states: Mapping[str, Any]
    targets: Mapping[str, float]
    different: bool


@dataclass(frozen=True, slots=True)
class RegimeView:
    """A variant after its newest stored close.

    Attributes:
        decided_on: session of the newest bar of `symbol`, the signal symbol.
        states: regime by name. values: every figure of the decision.
        targets: symbol -> weight, cash left out.
        limits: where one figure alone would change the next decision.
        thresholds: the parameters of the variant.
        path: the newest sessions, oldest first.
        what_if: moves of the next close, lowest first.
        last_closed: the newest session that closed, None where the bars are of it or of the one before.
    """

    variant: str
    strategy: str
    symbol: str
    decided_on: date
    states: Mapping[str, Any]
    values: Mapping[str, Any]
    targets: Mapping[str, float]
    limits: tuple[Boundary, ...]
    thresholds: Mapping[str, Any]
    path: tuple[PathStep, ...]
    what_if: tuple[WhatIf, ...]
    last_closed: date | None = None


@dataclass(frozen=True, slots=True)
class IndicatorsView:
    """The figures of the newest decision, and the parameters they are compared with."""

    variant: str
    decided_on: date
    values: Mapping[str, Any]
    thresholds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IndicatorColumns:
    """Figures session by session as columns, oldest first; None where a figure is not defined yet.

    Attributes:
        symbol: the signal symbol. close: its closes.
        figures: figure -> column. states: state -> column.
    """

    variant: str
    symbol: str
    time: tuple[date, ...]
    close: tuple[float, ...]
    figures: Mapping[str, tuple[float | None, ...]]
    states: Mapping[str, tuple[Any, ...]]


def symbols_of(strategy: Strategy) -> tuple[str, ...]:
    """Return the symbols whose bars these views read. UsageError 2: the strategy has no regime."""
    if not strategy.family.holds_weights:
        raise UsageError(
            f"{strategy.name} decides by candidates, it has no regime",
            where=strategy.variant,
            remedy="choose a variant that holds weights",
        )
    return strategy.signal_symbols


def read_regime(strategy: Strategy, history: Mapping[str, Bars]) -> RegimeView:
    """Return where a variant stands.

    Args:
        strategy: parameters applied.
        history: bars of `symbols_of`, up to the newest closed session.

    Raises:
        DataError: 5, a symbol has no bars, or the decision needs one that is missing.
    """
    signal = _signal(strategy, history)
    decisions = _decisions(strategy.evaluate(history), signal, PATH_SESSIONS)
    newest = decisions[-1]
    return RegimeView(
        variant=strategy.variant,
        strategy=strategy.name,
        symbol=signal.symbol,
        decided_on=signal.last,
        states=_states(strategy, newest),
        values=_figures(newest),
        targets=_targets(newest),
        limits=strategy.next_changes(newest.diagnostics),
        thresholds=strategy.parameters,
        path=tuple(PathStep(found.decided_on, _states(strategy, found)) for found in decisions),
        what_if=tuple(_what_if(strategy, history, signal)),
    )


def read_indicators(strategy: Strategy, history: Mapping[str, Bars]) -> IndicatorsView:
    """Return the figures of the newest decision. DataError 5: see `read_regime`."""
    signal = _signal(strategy, history)
    (newest,) = _decisions(strategy.evaluate(history), signal, 1)
    return IndicatorsView(strategy.variant, signal.last, _figures(newest), strategy.parameters)


def read_indicator_columns(
    strategy: Strategy, history: Mapping[str, Bars], sessions: int
) -> IndicatorColumns:
    """Return the figures of the newest sessions. DataError 5: see `read_regime`."""
    signal = _signal(strategy, history)
    decisions = _decisions(strategy.evaluate(history), signal, min(sessions, MOST_SESSIONS))
    rows = [_figures(found) for found in decisions]
    states = [_states(strategy, found) for found in decisions]
    state_figures = {c.diagnostic for c in strategy.context_columns if c.is_state}
    names = [name for name in rows[-1] if name not in state_figures and _is_number(rows[-1][name])]
    closes = signal.close[-len(decisions) :].tolist()
    return IndicatorColumns(
        variant=strategy.variant,
        symbol=signal.symbol,
        time=tuple(found.decided_on for found in decisions),
        close=tuple(round(close, 6) for close in closes),
        figures={name: tuple(_rounded(row.get(name)) for row in rows) for name in names},
        states={name: tuple(row.get(name) for row in states) for name in states[-1]},
    )


def _signal(strategy: Strategy, history: Mapping[str, Bars]) -> Bars:
    for symbol in symbols_of(strategy):
        if symbol not in history or not len(history[symbol]):
            raise DataError(f"no bars of {symbol}", where="the stored bars", remedy="jutsu data import DIR")
    return history[strategy.signal_symbols[0]]


def _decisions(evaluation: Evaluation, signal: Bars, sessions: int) -> list[Decision]:
    """Return the decisions of the newest sessions, each as if nothing was held before."""
    days: list[date] = signal.dates[-sessions:].tolist()
    return [
        evaluation.decide(Situation(session=day, decided_on=day, book=Book(cash=0.0), memory={}))
        for day in days
    ]


def _what_if(strategy: Strategy, history: Mapping[str, Bars], signal: Bars) -> Iterator[WhatIf]:
    """Decide on a next session whose closes are those of today, but for the signal symbol's."""
    found = [(move, *_moved(strategy, history, signal, move)) for move in MOVES]
    unmoved = next(_targets(decision) for move, _, decision in found if move == 0)
    for move, close, decision in found:
        targets = _targets(decision)
        yield WhatIf(move, round(close, 6), _states(strategy, decision), targets, targets != unmoved)


def _moved(
    strategy: Strategy, history: Mapping[str, Bars], signal: Bars, move: float
) -> tuple[float, Decision]:
    day = calendar.next_session(signal.last).day
    closes = {symbol: float(history[symbol].close[-1]) for symbol in strategy.signal_symbols}
    closes[signal.symbol] *= 1 + move / 100
    least = strategy.history_floor
    moved = {
        symbol: _with_close(_newest(history[symbol], least), day, close) for symbol, close in closes.items()
    }
    (decision,) = _decisions(strategy.evaluate(moved), moved[signal.symbol], 1)
    return closes[signal.symbol], decision


def _newest(bars: Bars, count: int) -> Bars:
    return bars if len(bars) <= count else bars.since(bars.dates[-count].item())


def _with_close(bars: Bars, day: date, close: float) -> Bars:
    return bars.with_bar(day, open_=close, high=close, low=close, close=close, volume=float(bars.volume[-1]))


def _states(strategy: Strategy, decision: Decision) -> dict[str, Any]:
    return context_of(strategy.context_columns, decision.diagnostics, states_only=True)


def _figures(decision: Decision) -> dict[str, Any]:
    return {name: value for name, value in decision.diagnostics.items() if name not in _NOT_SHOWN}


def _targets(decision: Decision) -> dict[str, float]:
    return {target.symbol: round(target.weight, 6) for target in decision.targets}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rounded(value: Any) -> float | None:
    return round(float(value), 8) if _is_number(value) else None
