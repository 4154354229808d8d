"""The sessions of a book as the ledger keeps them, in the terms that drift is walked in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from backtest.calendar import sessions as calendar
from backtest.core.decision import OpenPosition
from backtest.reporting.drift.facts import LiveBook, LiveFill, LiveSession
from live.model.order_ids import base_id

if TYPE_CHECKING:
    from backtest.data.quality.actions import CorporateAction
    from live.ledger.ledger import Ledger
    from live.ledger.tables import Order, RunLog, SignalRow

#: outcomes of a file whose orders approval or a gate kept back
_KEPT_BACK: Final = frozenset({"skipped", "expired", "gated"})
_ALL: Final = 100_000


def read_live_book(ledger: Ledger, variant: str, splits: Iterable[CorporateAction] = ()) -> LiveBook | None:
    """Return a primary's sessions from its first file to its newest marked close, None before there is one.

    Args:
        ledger: of the account.
        variant: a primary.
        splits: recorded splits; what was traded before one is counted in the shares after it.
    """
    files = {row.session: row for row in ledger.signals.recent(_ALL, variant) if row.role == "primary"}
    marks = _closes(ledger, variant)
    if not files or not marks or max(marks) < min(files):
        return None
    first, last = min(files), max(marks)
    runs = {row.session: row for row in ledger.runs.recent(_ALL, variant)}
    sessions = calendar.sessions(first, last)
    flows = _flows(ledger, [session.day for session in sessions], files)
    scale = Splits(splits)
    account = json.loads(files[first].content)["inputs"]["account"]
    before = calendar.previous_session(first).day
    return LiveBook(
        variant=variant,
        cash=Decimal(str(account["cash"])),
        positions={
            symbol: OpenPosition(symbol, scale.shares(symbol, shares, first), 1.0, before)
            for symbol, shares in account["positions"].items()
        },
        sessions=tuple(
            _session(ledger, s.day, variant, files.get(s.day), runs.get(s.day), flows, marks, scale)
            for s in sessions
        ),
    )


class Splits:
    """Carries shares and prices of a day to the shares of today."""

    def __init__(self, splits: Iterable[CorporateAction]) -> None:
        self._splits = [action for action in splits if action.kind == "split"]

    def ratio(self, symbol: str, day: date) -> Fraction:
        """Return how many of today's shares one share of that day has become."""
        found = Fraction(1)
        for action in self._splits:
            if action.symbol == symbol and action.ex_date > day:
                found *= action.ratio
        return found

    def shares(self, symbol: str, count: int, day: date) -> int:
        """Return a count of shares in today's shares; a fraction was paid out in cash."""
        return int(count * self.ratio(symbol, day))

    def price(self, symbol: str, price: Decimal, day: date) -> Decimal:
        """Return a price per share of that day as one per today's share."""
        ratio = self.ratio(symbol, day)
        return price * ratio.denominator / ratio.numerator


def _session(
    ledger: Ledger,
    day: date,
    variant: str,
    row: SignalRow | None,
    run: RunLog | None,
    flows: Mapping[date, tuple[Decimal, Decimal]],
    marks: Mapping[date, Decimal],
    scale: Splits,
) -> LiveSession:
    generated: dict[str, Any] = {} if row is None else json.loads(row.content)
    file = generated if row is None or row.executed_content is None else json.loads(row.executed_content)
    journal = [order for order in ledger.orders.of_session(day, variant) if order.intent != "stop"]
    tries: dict[str, list[Order]] = {}
    for order in journal:
        if order.sent_at or order.broker_order_id or order.filled_quantity:
            tries.setdefault(base_id(order.client_order_id), []).append(order)
    ran = run is not None and run.executed_at is not None
    outcome = "" if row is None else row.outcome
    missed = not tries and (not ran or outcome == "failed") and outcome not in _KEPT_BACK
    planned = {order["client_order_id"]: order for order in generated.get("orders", ())}
    before, after = flows.get(day, (Decimal(0), Decimal(0)))
    decision = generated.get("decision", {})
    signed = _Signed(scale, day)
    return LiveSession(
        session=day,
        figures=decision.get("diagnostics"),
        rebalance=bool(decision.get("rebalance", False)),
        planned=signed.of_files(planned.values()),
        wanted=signed.of_files(planned.values() if missed else _wanted(file, planned, tries, row, run)),
        sent=signed.of_orders([group[0] for group in tries.values()]),
        fills=_fills(ledger, [order for group in tries.values() for order in group], scale, day),
        quotes={
            order.symbol: float(scale.price(order.symbol, order.quote_price, day))
            for order in reversed(journal)
            if order.quote_price
        },
        missed=missed,
        carried_out=not missed and (outcome == "completed" or row is None),
        cash_before=before,
        cash_after=after,
        equity=marks.get(day),
    )


def _wanted(
    file: Mapping[str, Any],
    planned: Mapping[str, Any],
    tries: Mapping[str, Sequence[Order]],
    row: SignalRow | None,
    run: RunLog | None,
) -> list[Mapping[str, Any]]:
    """Return the orders that people and gates left, with those that people added outside the file."""
    held = set() if run is None else set((run.detail or {}).get("held", ()))
    kept_back = row is not None and row.outcome in _KEPT_BACK
    wanted = [
        order
        for order in file.get("orders", ())
        if order["enabled"]
        and order["client_order_id"] not in held
        and (order["client_order_id"] in tries or not kept_back)
    ]
    names = {*planned, *(order["client_order_id"] for order in file.get("orders", ()))}
    by_hand = [group[0] for name, group in tries.items() if name not in names]
    return [*wanted, *({"symbol": o.symbol, "side": o.side, "quantity": o.quantity} for o in by_hand)]


class _Signed:
    """Adds orders of one day up to signed shares by symbol."""

    def __init__(self, scale: Splits, day: date) -> None:
        self._scale, self._day = scale, day

    def of_files(self, orders: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """Return the shares that orders of a signal file trade."""
        return self._sum((o["symbol"], o["side"], o["quantity"]) for o in orders)

    def of_orders(self, orders: Iterable[Order]) -> dict[str, int]:
        """Return the shares that orders of the journal were sent for."""
        return self._sum((o.symbol, o.side, o.quantity) for o in orders)

    def _sum(self, rows: Iterable[tuple[str, str, int]]) -> dict[str, int]:
        found: dict[str, int] = {}
        for symbol, side, quantity in rows:
            count = self._scale.shares(symbol, quantity, self._day)
            found[symbol] = found.get(symbol, 0) + (count if side == "buy" else -count)
        return found


def _fills(ledger: Ledger, orders: Iterable[Order], scale: Splits, day: date) -> tuple[LiveFill, ...]:
    return tuple(
        LiveFill(
            row.symbol,
            "buy" if row.side == "buy" else "sell",
            scale.shares(row.symbol, row.quantity, day),
            scale.price(row.symbol, row.price, day),
            row.commission,
        )
        for order in orders
        for row in ledger.executions.of_order(order.client_order_id)
    )


def _closes(ledger: Ledger, variant: str) -> dict[date, Decimal]:
    """Return the equity of every session that was marked at its close."""
    found: dict[date, Decimal] = {}
    for row in ledger.snapshots.series(variant):
        session = calendar.session(row.session)
        if session is not None and row.at >= session.close:
            found[row.session] = Decimal(f"{row.equity:.2f}")
    return found


def _flows(
    ledger: Ledger, days: Sequence[date], files: Mapping[date, SignalRow]
) -> dict[date, tuple[Decimal, Decimal]]:
    """Return session -> cash that came without a trade before its decision, and after it.

    A movement of a day without trading counts for the next session. It came before the decision when it was
    known by then.
    """
    found: dict[date, tuple[Decimal, Decimal]] = {}
    for flow in ledger.cash_flows.all():
        day = next((day for day in days if day >= flow.day), None)
        if day is None or flow.day < days[0]:
            continue
        file = files.get(day)
        known = flow.day < day or (file is not None and flow.noted_at <= file.generated_at)
        if known and day == days[0]:
            continue  # the cash the book began with holds it
        before, after = found.get(day, (Decimal(0), Decimal(0)))
        found[day] = (before + flow.amount, after) if known else (before, after + flow.amount)
    return found
