"""Weights, equity and prices to whole shares; holdings against targets to ordered trades.

One implementation for the simulator, the shadow books, the generator and the executor's recount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from backtest.execution import ExecutionRules
from backtest.fills import Side
from backtest.decision import Book, Decision, Skip

Intent = Literal["exit", "reduce", "entry", "increase", "stop"]


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order the sizing wants.

    Attributes:
        symbol, side, intent, quantity: what to do, whole shares.
        reference_price: newest price the decision used.
        rank: score or target weight; buys are listed and sent in descending rank, then by symbol.
        reason: why, for a person.
        stop_price: planned protective stop, None when the strategy uses none.
        details: candidate fields (positions family).
    """

    symbol: str
    side: Side
    intent: Intent
    quantity: int
    reference_price: float
    rank: float
    reason: str
    stop_price: float | None = None
    details: Mapping[str, object] | None = None

    @property
    def estimated_value(self) -> float:
        """Quantity times reference price, rounded to cents."""
        return round(self.quantity * self.reference_price, 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered trades of one decision.

    Attributes:
        orders: sells first, then buys by descending rank, then by symbol.
        equity: sizing equity (cash plus positions at reference prices).
        residual_cash: cash the plan leaves at reference prices.
        skipped, warnings: what was not done and why.
    """

    orders: tuple[PlannedOrder, ...]
    equity: float
    residual_cash: float
    skipped: tuple[Skip, ...] = ()
    warnings: tuple[str, ...] = ()


def sizing_equity(book: Book, prices: Mapping[str, float]) -> float:
    """Return cash plus the positions of the book at `prices`. DataError names a held symbol without one."""
    raise NotImplementedError


def scaled_weights(decision: Decision, rules: ExecutionRules) -> dict[str, float]:
    """Return target weights shrunk by one factor so that cash is at least `min_cash_pct`."""
    raise NotImplementedError


def plan_orders(decision: Decision, book: Book, prices: Mapping[str, float], rules: ExecutionRules) -> Plan:
    """Turn a decision of either family into ordered trades.

    Allocation: nothing unless `decision.rebalance` (or the holdings drifted further than
    `max_holdings_drift`); whole shares rounded down; a symbol without a price is not tradable: its weight
    stays in cash and a warning says so. Positions: exits sell everything held, entries are taken as given.
    """
    raise NotImplementedError


def check_limits(plan: Plan, book: Book, prices: Mapping[str, float], rules: ExecutionRules) -> None:
    """Raise LimitError when the book after the plan would exceed a limit."""
    raise NotImplementedError


def afford(
    buys: Sequence[PlannedOrder],
    *,
    cash: float,
    equity: float,
    prices: Mapping[str, float],
    rules: ExecutionRules,
) -> tuple[PlannedOrder, ...]:
    """Cut buys in rank order to what `cash` (after the sells) affords, minus the reserve.

    Each share is charged at `prices` plus slippage and commission. An order cut to zero is dropped.
    """
    raise NotImplementedError
