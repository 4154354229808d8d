"""A session of a virtual positions book: the portfolio simulator's own step.

What the simulator keeps about a position between two sessions (its newest mark, the exit that waits for the
next open, the candidate it came from) is kept in the position's details.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.decision import Book, OpenPosition
from backtest.core.execution_rules import ExecutionRules
from backtest.indicators.weekly import week_number
from backtest.simulator.positions.market import Market
from backtest.simulator.positions.model import (
    Held,
    MarketSession,
    PortfolioRules,
    PortfolioState,
    SessionBar,
    Trade,
)
from backtest.simulator.positions.step import step
from backtest.simulator.session_values import BarsOf, Settled, VirtualSession
from backtest.strategies.base import Strategy
from backtest.trading.risk.entries import INITIAL_STOP_PCT
from backtest.trading.risk.series import PriceSeries


def settle(asked: VirtualSession, bars_of: BarsOf) -> Settled:
    """Play the session on the virtual book; a held symbol without a bar is kept at its newest mark."""
    rules = rules_of(asked.strategy, asked.rules)
    day, book = asked.session.day, asked.book
    positions = tuple(_held(position) for position in _by_entry(book))
    invested = sum(held.entry_price * held.shares for held in positions)
    state = PortfolioState(positions, capital=book.cash + invested)
    symbols = sorted({held.symbol for held in state.positions} | {c.ticker for c in asked.candidates})
    after, events = step(state, market_session(bars_of(symbols), day, rules), asked.candidates, rules)
    spent = sum(held.entry_price * held.shares for held in events.entered)
    received = sum(trade.exit_price * trade.position.shares for trade in events.trades)
    cash = round(book.cash - spent + received, 2)
    kept = {held.symbol: _position(held) for held in after.positions}
    equity = round(cash + sum(held.mark * held.shares for held in after.positions), 2)
    fills = {
        "executed": [*map(_buy, events.entered), *map(_sale, events.trades)],
        "trades": [trade.as_row() for trade in events.trades],
        "skipped": [list(skip.as_row()) for skip in events.skipped],
        "warnings": [],
    }
    return Settled(Book(cash=cash, positions=kept), equity, fills)


def rules_of(strategy: Strategy, costs: ExecutionRules) -> PortfolioRules:
    """Return the simulator's rules for a live variant: its parameters, and the costs every book pays."""
    return PortfolioRules(
        **{
            **strategy.parameters,
            "size_from": "reference",
            "stop_fill": costs.stop_fill,
            "slippage_pct": costs.slippage_pct,
            "entry_slippage_pct": costs.slippage_pct,
        }
    )


def market_session(history: Mapping[str, Bars], day: date, rules: PortfolioRules) -> MarketSession:
    """Return one session of the market; weekly series are only needed when the week ends."""
    if calendar.is_week_end(day):
        return replace(Market(history, rules, calendar.is_week_end).session(day), known=None)
    bars = {symbol: bar for symbol, rows in history.items() if (bar := _bar(rows, day)) is not None}
    prices = None if rules.risk is None else PriceSeries(history)
    return MarketSession(day, week_number(day), bars, prices=prices)


def _bar(bars: Bars, day: date) -> SessionBar | None:
    row = bars.row(day)
    if row is None:
        return None
    return SessionBar(
        open=float(bars.open[row]),
        high=float(bars.high[row]),
        low=float(bars.low[row]),
        close=float(bars.close[row]),
        previous_close=float(bars.close[row - 1]) if row else None,
    )


def _by_entry(book: Book) -> list[OpenPosition]:
    return sorted(book.positions.values(), key=lambda p: (p.details.get("order", 0), p.symbol))


def _held(position: OpenPosition) -> Held:
    details = position.details
    return Held(
        symbol=position.symbol,
        report_date=date.fromisoformat(details["report_date"]),
        grade=details["grade"],
        score=details["score"],
        entry_date=position.entry_date,
        entry_price=position.entry_price,
        shares=position.quantity,
        stop_price=position.stop_price if position.stop_price is not None else 0.0,
        mark=details["mark"],
        pending=details["pending"],
        initial_stop_pct=details.get(INITIAL_STOP_PCT),
    )


def _position(held: Held) -> OpenPosition:
    return OpenPosition(
        symbol=held.symbol,
        quantity=held.shares,
        entry_price=held.entry_price,
        entry_date=held.entry_date,
        stop_price=held.stop_price,
        details={
            "report_date": held.report_date.isoformat(),
            "grade": held.grade,
            "score": held.score,
            "mark": held.mark,
            "pending": held.pending,
            "order": held.entry_date.toordinal(),
            **({} if held.initial_stop_pct is None else {INITIAL_STOP_PCT: held.initial_stop_pct}),
        },
    )


def _buy(held: Held) -> dict[str, Any]:
    return {
        "symbol": held.symbol,
        "intent": "entry",
        "side": "buy",
        "quantity": held.shares,
        "price": held.entry_price,
        "realised_pnl": 0.0,
    }


def _sale(trade: Trade) -> dict[str, Any]:
    return {
        "symbol": trade.position.symbol,
        "intent": "stop" if trade.reason == "stop_loss" else "exit",
        "side": "sell",
        "quantity": trade.position.shares,
        "price": trade.exit_price,
        "realised_pnl": round(trade.pnl, 2),
    }
