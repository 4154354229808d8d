"""The virtual book of a shadow variant: same rules, fills and costs, never a broker.

A decision is kept as pending until the bar of its session is known; the next run settles it exactly once,
fills it through `backtest.fills` and marks the book at that session's close.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from backtest import calendar
from backtest.decision import Book, OpenPosition
from backtest.errors import DataError
from backtest.fills import Fill
from backtest.simulator.step import carry_out, mark
from backtest.sizing import Plan, PlannedOrder
from live.books import Line
from live.wiring import Runtime

if TYPE_CHECKING:
    from live.generation import Due, Proposed


def settled_book(runtime: Runtime, line: Line, now: datetime) -> Book:
    """Return the shadow's book after settling what is pending and known at `now`.

    A new shadow starts with the equity of the primary it follows.
    """
    settle(runtime, line, now)
    book = runtime.ledger.shadow.book(line.variant)
    return Book(cash=_starting_cash(runtime, line)) if book is None else book


def settle(runtime: Runtime, line: Line, now: datetime) -> None:
    """Settle the pending session once its bar is complete; do nothing before."""
    pending = runtime.ledger.shadow.pending(line.variant)
    if pending is None:
        return
    session = calendar.session(pending.session)
    if session is None or session.close > now:
        return
    plan = plan_from_json(pending.decision["plan"])
    book = runtime.ledger.shadow.book(line.variant) or Book(cash=pending.cash)
    symbols = sorted({*book.positions, *(order.symbol for order in plan.orders)})
    opens, closes = _prices(runtime, symbols, session.day, now)
    window = calendar.window(session, line.strategy.execution_time)
    fills, after = carry_out(
        plan, book, opens if window.fills_at_open else closes, runtime.settings.execution, on=session.day
    )
    equity = mark(after, closes)
    runtime.ledger.shadow.settle(
        line.variant,
        session.day,
        book=after,
        equity=equity,
        fills=[{"symbol": symbol, **asdict(fill)} for symbol, fill in _rows(fills)],
        at=now,
        mode=runtime.settings.mode,
        cell=pending.decision.get("cell"),
    )


def keep_pending(runtime: Runtime, line: Line, due: Due, book: Book, proposed: Proposed) -> None:
    """Store today's decision as pending, once per session (again only while it is still pending)."""
    runtime.ledger.shadow.keep(
        line.variant,
        due.session.day,
        decision={
            "plan": plan_to_json(proposed.plan),
            "cell": proposed.decision.diagnostics.get("cell"),
            "diagnostics": proposed.decision.diagnostics,
        },
        memory=proposed.decision.memory,
        book=book,
        equity=proposed.plan.equity,
        at=runtime.clock.now(),
    )


def _starting_cash(runtime: Runtime, line: Line) -> float:
    primary = runtime.ledger.snapshots.latest(line.follows)
    if primary is not None:
        return float(primary.equity)
    account = runtime.broker.account()
    return float(account.equity if account.equity is not None else account.cash or 0)


def _prices(
    runtime: Runtime, symbols: list[str], day: date, now: datetime
) -> tuple[dict[str, float], dict[str, float]]:
    history = runtime.feed.history(symbols, now)
    opens: dict[str, float] = {}
    closes: dict[str, float] = {}
    for symbol in symbols:
        bars = history.get(symbol)
        row = None if bars is None else bars.row(day)
        if bars is None or row is None:
            raise DataError(
                f"no bar of {day} to settle the virtual book",
                where=symbol,
                remedy="import that session, then run again",
            )
        opens[symbol], closes[symbol] = float(bars.open[row]), float(bars.close[row])
    return opens, closes


def _rows(fills: Any) -> list[tuple[str, Fill]]:
    return [(item.order.symbol, item.fill) for item in fills]


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON values for the ledger."""
    return {
        "orders": [
            {**asdict(order), "details": None if order.details is None else dict(order.details)}
            for order in plan.orders
        ],
        "equity": plan.equity,
        "residual_cash": plan.residual_cash,
    }


def plan_from_json(data: dict[str, Any]) -> Plan:
    """Return the plan that `plan_to_json` stored."""
    return Plan(
        orders=tuple(PlannedOrder(**order) for order in data["orders"]),
        equity=data["equity"],
        residual_cash=data["residual_cash"],
    )


def positions_value(positions: dict[str, OpenPosition], prices: dict[str, float]) -> float:
    """Return the market value of positions at `prices`."""
    return sum(position.quantity * prices[symbol] for symbol, position in positions.items())
