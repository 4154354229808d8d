"""What a simulation returns: one frozen value that metrics, report and files are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from backtest.core.bars import DateArray, FloatArray
from backtest.core.decision import Book, Decision, Json
from backtest.simulator.allocation.step import Executed

CONTEXT = ("cell", "trend_state", "vol_state", "T_norm", "z_score")
"""Diagnostics of the decision that every trade is stored with; None where a strategy has no such value."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill with the decision that led to it.

    Attributes:
        session: the session that traded.
        decided_on: session of the newest bar the decision used.
        symbol, side, intent, quantity: what was done.
        reference_price: price the order was sized at.
        fill_price: price paid or received per share, slippage included.
        commission: of this fill.
        cash_flow: change of cash, commission included.
        realised_pnl: see `backtest.simulator.allocation.step.Executed`.
        context: the diagnostics named in `CONTEXT`.
        reason: why, for a person.
    """

    session: date
    decided_on: date
    symbol: str
    side: str
    intent: str
    quantity: int
    reference_price: float
    fill_price: float
    commission: float
    cash_flow: float
    realised_pnl: float
    context: Json
    reason: str

    def row(self) -> Json:
        """Return one flat row for trades.csv: ISO dates, the context as columns of their own."""
        return {
            "date": self.session.isoformat(),
            "decided_on": self.decided_on.isoformat(),
            "symbol": self.symbol,
            "side": self.side,
            "intent": self.intent,
            "quantity": self.quantity,
            "reference_price": self.reference_price,
            "fill_price": self.fill_price,
            "commission": self.commission,
            "cash_flow": self.cash_flow,
            "realised_pnl": self.realised_pnl,
            **{name: self.context.get(name) for name in CONTEXT},
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A simulation, one row per session.

    Attributes:
        strategy, variant: which rules with which parameter set.
        initial_cash: what the account started with, before the first session.
        dates: shape (n,), datetime64[D]: the sessions.
        equity: shape (n,), cash plus positions at that session's close, rounded to cents.
        cash: shape (n,), cash after that session's fills.
        residual_cash: shape (n,), cash the session's plan left at reference prices; `cash` without a plan.
        rounding_cash: shape (n,), the part of it left because shares are whole; 0 without a plan.
        weights: symbol -> shape (n,), position value / equity at the close.
        trades: every fill in order.
        decisions: one per session (an opening-window strategy has none for the first session of the data).
        warnings: each with the session it belongs to.
        benchmark: shape (n,), value of the initial cash held in `benchmark_symbol` since the first close.
        book: what is owned after the last session.
    """

    strategy: str
    variant: str
    initial_cash: float
    dates: DateArray
    equity: FloatArray
    cash: FloatArray
    residual_cash: FloatArray
    rounding_cash: FloatArray
    weights: Mapping[str, FloatArray]
    trades: tuple[Trade, ...]
    decisions: tuple[Decision, ...]
    warnings: tuple[str, ...]
    book: Book
    benchmark_symbol: str | None = None
    benchmark: FloatArray | None = None


def to_trade(executed: Executed, decision: Decision, session: date) -> Trade:
    """Return the trade of one executed order."""
    order, fill = executed.order, executed.fill
    return Trade(
        session=session,
        decided_on=decision.decided_on,
        symbol=order.symbol,
        side=order.side,
        intent=order.intent,
        quantity=fill.quantity,
        reference_price=order.reference_price,
        fill_price=fill.price,
        commission=fill.commission,
        cash_flow=fill.cash_flow,
        realised_pnl=executed.realised_pnl,
        context={name: decision.diagnostics.get(name) for name in CONTEXT},
        reason=order.reason,
    )


def hold_value(dates: DateArray, prices: FloatArray, sessions: DateArray, cash: float) -> FloatArray | None:
    """Return the value of `cash` put into a symbol at the first session's close and held.

    Args:
        dates: shape (m,), sessions with a bar.
        prices: shape (m,), closes.
        sessions: shape (n,), the sessions wanted; one without a bar takes the last close before it.
        cash: invested whole, fractions of shares allowed.

    Returns:
        Shape (n,), None when there is no bar at or before the first session.
    """
    rows = np.searchsorted(dates, sessions, side="right") - 1
    if not len(sessions) or rows[0] < 0:
        return None
    values: FloatArray = prices[rows] / prices[rows[0]] * cash
    return values
