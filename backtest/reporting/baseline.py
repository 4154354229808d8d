"""What a backtest says a strategy does: the figures that monitoring compares live trading with.

Trades of every family are measured the same way: a closing trade makes (proceeds - cost) / cost, both before
commissions, where the cost is the average price paid for the shares sold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from backtest.core.bars import Bars, FloatArray
from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.metrics import SESSIONS_PER_YEAR, performance
from backtest.simulator.allocation.result import Result
from backtest.strategies.base import Strategy

#: decimals that are kept: the same on every processor
_DECIMALS: Final = 8
FREE: Final = {"slippage_pct": 0.0, "commission_per_order": 0.0, "commission_per_share": 0.0}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Figures of one backtest, decimal fractions unless said otherwise.

    Attributes:
        first, last: sessions, ISO dates; sessions: how many.
        trades: closing trades. trades_per_year: at 252 sessions a year.
        win_rate: closing trades with a gain / closing trades, None without any.
        expectancy: mean return of a closing trade, None without any.
        free_expectancy: the same with neither slippage nor commission in the backtest.
        annual_return, volatility, max_drawdown: as `metrics.Performance`.
    """

    first: str
    last: str
    sessions: int
    trades: int
    trades_per_year: float
    win_rate: float | None
    expectancy: float | None
    free_expectancy: float | None
    annual_return: float | None
    volatility: float | None
    max_drawdown: float


@dataclass(frozen=True, slots=True)
class ClosedBook:
    """A finished backtest of any family.

    Attributes:
        first, last: sessions, ISO dates. equity: at the close of each session, account currency.
        initial: before the first session. made: by each closing trade, decimal fractions.
    """

    first: str
    last: str
    equity: FloatArray
    initial: float
    made: tuple[float, ...]


def trade_return(quantity: int, price: float, realised_pnl: float) -> float | None:
    """Return what a closing trade made, decimal fraction; None when its cost is not positive.

    Args:
        quantity: shares sold.
        price: received per share.
        realised_pnl: proceeds minus the average price paid for these shares, before commissions.
    """
    cost = quantity * price - realised_pnl
    return realised_pnl / cost if cost > 0 else None


def without_costs(rules: ExecutionRules) -> ExecutionRules:
    """Return execution rules with neither slippage nor commissions."""
    return rules.model_copy(update=FREE)


def closing_returns(result: Result) -> tuple[float, ...]:
    """Return what each closing trade of a simulation made, in order."""
    sold = [trade for trade in result.trades if trade.side == "sell"]
    made = [
        trade_return(trade.quantity, trade.fill_price, trade.realised_pnl + trade.commission)
        for trade in sold
    ]
    return tuple(one for one in made if one is not None)


def baseline_of(result: Result, free: Result) -> Baseline | None:
    """Return the baseline of a backtest, None when it has no session.

    Args:
        result: with the costs that live trading assumes.
        free: the same without costs.
    """
    if not len(result.dates):
        return None
    book = ClosedBook(
        first=_day(result, 0).isoformat(),
        last=_day(result, -1).isoformat(),
        equity=result.equity,
        initial=result.initial_cash,
        made=closing_returns(result),
    )
    return baseline_of_book(book, closing_returns(free))


def baseline_of_book(book: ClosedBook, free: Sequence[float]) -> Baseline:
    """Return the baseline of a backtest of any family.

    Args:
        book: with the costs that live trading assumes, at least one session.
        free: what each closing trade made without costs, decimal fractions.
    """
    figures, made, sessions = performance(book.equity, book.initial), book.made, len(book.equity)
    return Baseline(
        first=book.first,
        last=book.last,
        sessions=sessions,
        trades=len(made),
        trades_per_year=round(len(made) * SESSIONS_PER_YEAR / sessions, _DECIMALS),
        win_rate=_rounded(win_rate(made)),
        expectancy=_rounded(mean(made)),
        free_expectancy=_rounded(mean(free)),
        annual_return=_rounded(figures.annual_return),
        volatility=_rounded(figures.volatility),
        max_drawdown=round(figures.max_drawdown, _DECIMALS),
    )


def measure(
    strategy: Strategy, history: Mapping[str, Bars], rules: ExecutionRules, *, cash: float
) -> Baseline | None:
    """Backtest an allocation strategy over a whole history; None where that has no first decision.

    Raises:
        DataError, LimitError: it could not be simulated.
    """
    from backtest.simulator.allocation.simulate import simulate  # heavy, and only here

    bars = history.get(strategy.signal_symbols[0]) if strategy.signal_symbols else None
    if bars is None or len(bars) < strategy.warmup_bars:
        return None
    start: date = bars.dates[strategy.warmup_bars - 1].item()

    def run(used: ExecutionRules) -> Result:
        return simulate(strategy, history, start=start, end=bars.last, cash=cash, rules=used)

    result, free = run(rules), without_costs(rules)
    return baseline_of(result, result if free == rules else run(free))


def read_baseline(entry: Mapping[str, Any]) -> Baseline | None:
    """Return the baseline of a manifest's entry, None when it has none that can be read."""
    stored = entry.get("baseline")
    if not isinstance(stored, Mapping) or stored.keys() != {field.name for field in fields(Baseline)}:
        return None
    numbers = [value for name, value in stored.items() if name not in {"first", "last"}]
    if not all(value is None or _is_number(value) for value in numbers):
        return None
    if any(stored[name] is None for name in ("sessions", "trades", "trades_per_year", "max_drawdown")):
        return None
    return Baseline(**stored)


def win_rate(made: Iterable[float]) -> float | None:
    """Return the share of gains, None without trades."""
    known = tuple(made)
    return sum(one > 0 for one in known) / len(known) if known else None


def mean(made: Iterable[float]) -> float | None:
    """Return the mean, None without trades."""
    known = tuple(made)
    return math.fsum(known) / len(known) if known else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)


def _day(result: Result, at: int) -> date:
    day: date = result.dates[at].item()
    return day
