"""What a run of stage 2 did, from the ledger: the content of its message and of `state/reports`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from backtest.calendar import sessions as calendar
from backtest.trading.slippage import slippage_pct
from live.books.targets import Leg, legs_of, off_target_lines
from live.ledger.trades import target_price
from live.system.number_text import money

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import Order


@dataclass(frozen=True, slots=True)
class OrderResult:
    """One order; prices in account currency, slippage in percent, positive when worse than the quote."""

    client_order_id: str
    symbol: str
    side: str
    intent: str
    ordered: int
    filled: int
    average_price: float | None
    quote_price: float | None
    slippage_pct: float | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One session of one variant.

    Attributes:
        held_back: ids of orders that were not sent.
        equity, cash: at the marking of this session, None when it was not marked.
        daily_return: decimal fraction.
        next_opens: when the next execution window opens; None beyond the calendar or without a file.
    """

    session: date
    variant: str
    mode: str
    outcome: str
    exit_code: int | None
    orders: tuple[OrderResult, ...]
    held_back: tuple[str, ...]
    legs: tuple[Leg, ...]
    equity: float | None
    cash: float | None
    daily_return: float | None
    warnings: tuple[str, ...]
    critical: tuple[str, ...]
    next_opens: datetime | None


def read_execution(ledger: Ledger, session: date, variant: str) -> ExecutionReport:
    """Return what the ledger says about one session of one variant."""
    run, row = ledger.runs.get(session, variant), ledger.signals.get(session, variant)
    detail: dict[str, Any] = {} if run is None else dict(run.detail or {})
    content: dict[str, Any] = {} if row is None else json.loads(row.executed_content or row.content)
    marked = ledger.snapshots.latest(variant)
    if marked is not None and marked.session != session:
        marked = None
    equity = None if marked is None else marked.equity
    return ExecutionReport(
        session=session,
        variant=variant,
        mode="" if run is None else run.mode,
        outcome="" if run is None else run.outcome,
        exit_code=None if run is None else run.executor_exit,
        orders=tuple(_result(order) for order in ledger.orders.of_session(session, variant)),
        held_back=tuple(detail.get("held", ())),
        legs=legs_of(content, ledger.positions.open_positions(variant), equity),
        equity=equity,
        cash=None if marked is None else marked.cash,
        daily_return=None if marked is None else marked.daily_return,
        warnings=tuple(detail.get("warnings", ())),
        critical=tuple(detail.get("critical", ())),
        next_opens=_next_opens(session, content),
    )


def report_lines(report: ExecutionReport) -> list[str]:
    """Return the report as lines of text: orders, allocation, value, next window."""
    text = [_order_line(order) for order in report.orders] or ["no order was sent"]
    text += [f"not sent: {name}" for name in report.held_back]
    text += [_leg_line(leg) for leg in report.legs]
    text += [f"OFF TARGET {line}; see `jutsu realign`" for line in off_target_lines(report.legs)]
    if report.equity is not None:
        day = "" if report.daily_return is None else f", {report.daily_return:+.2%} on the day"
        text.append(f"equity {money(report.equity)}, cash {money(report.cash)}{day}")
    if report.next_opens is not None:
        opens = report.next_opens.astimezone(calendar.NEW_YORK)
        text.append(f"next window: {opens:%a %Y-%m-%d %H:%M} New York")
    return text


def _order_line(order: OrderResult) -> str:
    price = "" if order.average_price is None else f" at {order.average_price:,.4f}"
    slipped = "" if order.slippage_pct is None else f", slippage {order.slippage_pct:+.3f} %"
    stopped = f", {order.state.lower()}" if order.filled < order.ordered else ""
    why = f": {order.reason}" if order.filled < order.ordered and order.reason else ""
    head = f"{order.side} {order.symbol} ({order.intent}) {order.filled} of {order.ordered} filled"
    return f"{head}{price}{slipped}{stopped}{why}"


def _leg_line(leg: Leg) -> str:
    held = "unknown" if leg.held is None else f"{leg.held:.1%}"
    return f"{leg.symbol}: {leg.shares} shares, {held} of equity, target {leg.target:.1%}"


def _result(order: Order) -> OrderResult:
    slipped = None
    if order.filled_quantity and order.average_price is not None:
        expected = target_price(order) if order.intent == "stop" else order.quote_price
        slipped = slippage_pct(order.side, order.average_price, expected)
    return OrderResult(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        intent=order.intent,
        ordered=order.quantity,
        filled=order.filled_quantity,
        average_price=None if order.average_price is None else float(order.average_price),
        quote_price=None if order.quote_price is None else float(order.quote_price),
        slippage_pct=slipped,
        state=str(order.state),
        reason=order.state_reason,
    )


def _next_opens(session: date, content: dict[str, Any]) -> datetime | None:
    name = content.get("execution_window", {}).get("name")
    if name is None or session >= calendar.known_until():
        return None
    return calendar.window(calendar.next_session(session), name).opens_at
