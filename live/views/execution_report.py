"""What a run of stage 2 did, from the ledger: the model of its message and of `state/reports`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from backtest.calendar import sessions as calendar
from backtest.strategies.family import FAMILIES
from backtest.trading.slippage import slippage_pct
from live.books.holdings import Holding, holdings_of
from live.books.targets import Leg, legs_of
from live.ledger.trades import target_price
from live.system.logs import log_name
from live.views.equity import EquityStep, last_step
from live.views.newest_run import criticals

if TYPE_CHECKING:
    from pathlib import Path

    from live.ledger.ledger import Ledger
    from live.ledger.snapshots import Snapshots
    from live.ledger.tables import Order, RunLog


@dataclass(frozen=True, slots=True)
class OrderResult:
    """One order; prices in account currency, slippage in percent, positive is worse for us.

    Attributes:
        target_price: what it was meant to cost: the decision's price, of a stop its level.
        quote_price: newest price when it was sent. slippage_pct: against that (of a stop against its level).
        target_slippage_pct: against the target price.
    """

    client_order_id: str
    symbol: str
    side: str
    intent: str
    ordered: int
    filled: int
    average_price: float | None
    target_price: float | None
    quote_price: float | None
    slippage_pct: float | None
    target_slippage_pct: float | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order of the file that was not sent, and why as far as it is known."""

    client_order_id: str
    why: str


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One session of one variant.

    Attributes:
        account: key of the account in the ledger.
        generated_at, approved_at, executed_at: aware instants, None when it did not happen.
        window_opens, window_closes: of the execution, None without a file.
        held: orders that were not sent.
        legs, holdings: what is held after it: against targets; of a family without targets, positions.
        equity, cash: at the newest marking of this session, None when it was not marked.
        day: equity before and after, deposits and profit; None without a session before.
        error: what ended the run, empty when nothing did.
        log: log file of stage 2, below the project; empty when it is not known.
        next_opens: when the next execution window opens; None beyond the calendar or without a file.
    """

    session: date
    variant: str
    account: str
    mode: str
    outcome: str
    exit_code: int | None
    generated_at: datetime | None
    approved_at: datetime | None
    executed_at: datetime | None
    window_opens: datetime | None
    window_closes: datetime | None
    orders: tuple[OrderResult, ...]
    held: tuple[HeldOrder, ...]
    legs: tuple[Leg, ...]
    holdings: tuple[Holding, ...]
    equity: float | None
    cash: float | None
    day: EquityStep | None
    warnings: tuple[str, ...]
    critical: tuple[str, ...]
    error: str
    log: str
    next_opens: datetime | None


def read_execution(
    ledger: Ledger,
    session: date,
    variant: str,
    *,
    logs: Path | None = None,
    account: str = "",
    budget_pct: float = 100.0,
    before: Mapping[str, Any] | None = None,
) -> ExecutionReport:
    """Return what the ledger says about one session of one variant.

    Args:
        ledger: of the account.
        session: the session.
        variant: the primary.
        logs: folder of the log files as the settings write it, None: no log is named.
        account: name of one of several accounts.
        budget_pct: share of the account that the book may use, of which a deposit is its share.
        before: this report as it was kept; it knows what was held after a session that is not the newest.
    """
    run, row = ledger.runs.get(session, variant), ledger.signals.get(session, variant)
    detail: dict[str, Any] = {} if run is None else dict(run.detail or {})
    content: dict[str, Any] = {} if row is None else json.loads(row.executed_content or row.content)
    marked = next(iter(ledger.snapshots.series(variant, session, session)), None)
    equity = None if marked is None else marked.equity
    window = content.get("execution_window", {})
    return ExecutionReport(
        session=session,
        variant=variant,
        account=f"{account} ({ledger.account})" if account else ledger.account,
        mode="" if run is None else run.mode,
        outcome="" if run is None else run.outcome,
        exit_code=None if run is None else run.executor_exit,
        generated_at=None if run is None else run.generated_at,
        approved_at=None if run is None else run.approved_at,
        executed_at=None if run is None else run.executed_at,
        window_opens=_instant(window.get("opens_at")),
        window_closes=_instant(window.get("closes_at")),
        orders=tuple(_result(order) for order in ledger.orders.of_session(session, variant)),
        held=tuple(_held(detail, content)),
        legs=_legs(ledger, session, variant, content, equity, before),
        holdings=_holdings(ledger, session, variant, content, equity, before),
        equity=equity,
        cash=None if marked is None else marked.cash,
        day=None if marked is None else last_step(ledger, variant, session, budget_pct=budget_pct),
        warnings=tuple(detail.get("warnings", ())),
        critical=tuple(criticals(detail)),
        error=str(detail.get("error", "")) if _failed(run) else "",
        log=_log_file(logs, session, run, account),
        next_opens=_next_opens(session, content),
    )


def _log_file(logs: Path | None, session: date, run: RunLog | None, account: str = "") -> str:
    """Return the log of the day (UTC) stage 2 ran on; a run about the past wrote into that of another day."""
    if logs is None or run is None or run.past:
        return ""
    day = session if run.executed_at is None else run.executed_at.astimezone(UTC).date()
    return str(logs / log_name("executor", day, account))


def _failed(run: RunLog | None) -> bool:
    return run is not None and bool(run.executor_exit or run.generator_exit)


def _held(detail: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[HeldOrder]:
    """Yield what gates held back and what a person disabled in the file."""
    for name in detail.get("held", ()):
        prefix = f"{name}: not sent: "
        reasons = [
            text.removeprefix(prefix) for text in detail.get("warnings", ()) if text.startswith(prefix)
        ]
        yield HeldOrder(name, reasons[-1] if reasons else "")
    for order in content.get("orders", ()):
        if not order.get("enabled", True):
            note = f": {order['note']}" if order.get("note") else ""
            yield HeldOrder(str(order["client_order_id"]), f"disabled in the file{note}")


def _legs(
    ledger: Ledger,
    session: date,
    variant: str,
    content: dict[str, Any],
    equity: float | None,
    before: Mapping[str, Any] | None,
) -> tuple[Leg, ...]:
    """Return what is held now while the session is the newest one, else what was kept of it."""
    if _is_newest(ledger.snapshots, session, variant):
        return legs_of(content, ledger.positions.open_positions(variant), equity)
    return tuple(_kept_legs((before or {}).get("legs", ())))


def _holdings(
    ledger: Ledger,
    session: date,
    variant: str,
    content: dict[str, Any],
    equity: float | None,
    before: Mapping[str, Any] | None,
) -> tuple[Holding, ...]:
    """Return the positions of a family without targets, of now or as they were kept."""
    family = FAMILIES.get(content.get("strategy", {}).get("family"))
    if family is None or family.holds_weights:
        return ()
    if _is_newest(ledger.snapshots, session, variant):
        return holdings_of(ledger.positions.open_positions(variant), equity)
    return tuple(Holding(**row) for row in (before or {}).get("holdings", ()))


def _is_newest(snapshots: Snapshots, session: date, variant: str) -> bool:
    newest = snapshots.latest(variant)
    return newest is None or newest.session <= session


def _kept_legs(rows: Iterable[Mapping[str, Any]]) -> Iterator[Leg]:
    for row in rows:
        yield Leg(str(row["symbol"]), int(row["shares"]), float(row["target"]), row["held"])


def _result(order: Order) -> OrderResult:
    quote = target = None
    if order.filled_quantity and order.average_price is not None:
        expected = target_price(order) if order.intent == "stop" else order.quote_price
        quote = slippage_pct(order.side, order.average_price, expected)
        target = slippage_pct(order.side, order.average_price, target_price(order))
    wanted = target_price(order)
    return OrderResult(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        intent=order.intent,
        ordered=order.quantity,
        filled=order.filled_quantity,
        average_price=None if order.average_price is None else float(order.average_price),
        target_price=None if wanted is None else float(wanted),
        quote_price=None if order.quote_price is None else float(order.quote_price),
        slippage_pct=quote,
        target_slippage_pct=target,
        state=str(order.state),
        reason=order.state_reason,
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _next_opens(session: date, content: dict[str, Any]) -> datetime | None:
    name = content.get("execution_window", {}).get("name")
    if name is None or session >= calendar.known_until():
        return None
    return calendar.window(calendar.next_session(session), name).opens_at
