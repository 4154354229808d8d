"""The order journal: what we meant to do, written before it is done, and every step after."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypedDict, Unpack

from backtest.core.errors import SignalFileError, UnresolvedError
from live.ledger.column_types import round_amount
from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import Order, OrderEvent
from live.model.order_ids import attempt_of, base_id, retry_id
from live.model.order_state import JournalState

LOG = logging.getLogger("jutsu.orders")
S = JournalState
ON_BROKER: Final = frozenset({S.ACKED, S.PENDING, S.WORKING, S.PARTIAL, S.CANCEL_PENDING, S.UNKNOWN_LIVE})
BROKER_ENDED: Final = frozenset({S.FILLED, S.CANCELED, S.REPLACED, S.EXPIRED, S.REJECTED})
_SEEN: Final = ON_BROKER | BROKER_ENDED

# Source: the state diagram of the order protocol. A child of an entry is planned and then simply appears at
# the broker, hence PLANNED -> seen. A request that provably never left may go back to PLANNED. What the
# broker ended may end otherwise with a further fill (a cancel confirmed before its last fill was counted);
# other terminal states have no way out.
ALLOWED: Final[Mapping[JournalState, frozenset[JournalState]]] = {
    S.PLANNED: _SEEN | {S.SENDING, S.LAPSED, S.REFUSED},
    S.SENDING: _SEEN | {S.PLANNED, S.UNKNOWN, S.AMBIGUOUS, S.ABSENT, S.REFUSED, S.LAPSED},
    S.UNKNOWN: _SEEN | {S.SENDING, S.AMBIGUOUS, S.ABSENT, S.REFUSED},
    S.AMBIGUOUS: _SEEN | {S.UNKNOWN, S.ABSENT},
    **dict.fromkeys(ON_BROKER, _SEEN),
    **dict.fromkeys(BROKER_ENDED, BROKER_ENDED),
}
"""State -> states that may follow; staying in a state is always allowed."""


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """An order we intend to send.

    Attributes:
        rank: buys go out in descending rank.
        parent_client_order_id: the entry a stop belongs to, or the order a retry continues.
        planned_stop_price: protective stop that must exist once this entry filled.
        limit_price: most a limit buy pays per share, None for other orders.
        details: anything the position should remember (candidate fields), JSON-ready.
    """

    client_order_id: str
    variant: str
    session: date
    mode: str
    symbol: str
    side: str
    intent: str
    quantity: int
    order_type: str = "market"
    time_in_force: str = "day"
    attempt: int = 0
    parent_client_order_id: str | None = None
    rank: float = 0.0
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    reference_price: Decimal | None = None
    quote_price: Decimal | None = None
    stop_price: Decimal | None = None
    planned_stop_price: Decimal | None = None
    limit_price: Decimal | None = None
    seal: str | None = None


# A second plan of the same id must be the same trade. Texts, quotes and the seal may differ between two runs.
_IDENTITY: Final = (
    "variant", "session", "mode", "symbol", "side", "intent", "quantity", "order_type", "time_in_force",
    "stop_price", "planned_stop_price", "limit_price", "parent_client_order_id",
)  # fmt: skip


class OrderChange(TypedDict, total=False):
    """Columns a transition may set."""

    state_reason: str
    broker_order_id: str | None
    filled_quantity: int
    average_price: Decimal | None
    commission: Decimal
    body: dict[str, Any] | None
    ids_before: list[str] | None
    position_before: int | None
    clock_offset_seconds: float | None
    quote_price: Decimal | None
    stop_price: Decimal | None
    planned_stop_price: Decimal | None
    details: dict[str, Any]
    sent_at: datetime | None
    gave_up_at: datetime | None
    ended_at: datetime | None


def _in_state(states: Iterable[JournalState]) -> str:
    listed = ", ".join(f"'{state.value}'" for state in states)
    return f"account = :account AND state IN ({listed})"


_GET: Final = select(Order, matching("account", "client_order_id"))
_BY_BROKER_ID: Final = select(Order, matching("account", "broker_order_id"), order="id DESC")
_UNFINISHED: Final = select(Order, _in_state(s for s in JournalState if not s.terminal), order="id")
_UNRESOLVED: Final = select(Order, _in_state(s for s in JournalState if s.unresolved), order="id")
_WITHOUT_TRADE: Final = select(
    Order,
    f"{matching('account', 'variant', of='orders')} AND orders.filled_quantity > 0"
    " AND (live_trades.id IS NULL OR live_trades.quantity < orders.filled_quantity)",
    join="LEFT JOIN live_trades ON live_trades.order_id = orders.id",
    order="orders.id",
)
_SESSION: Final = select(Order, matching("account", "session"), order="id")
_BOUND: Final = select(
    Order, "account = :account AND broker_order_id IS NOT NULL", columns=("broker_order_id",)
)
_ATTEMPTS: Final = select(
    Order, "account = :account AND client_order_id LIKE :start || '%'", columns=("client_order_id",)
)
_EVENTS: Final = select(
    OrderEvent,
    matching("account", "client_order_id", of="orders"),
    join="JOIN orders ON orders.id = order_events.order_id",
    order="order_events.id",
)
_SYMBOLS: Final = select(Order, matching("account"), columns=("symbol",), distinct=True)


class Orders(Repository):
    """The `orders` and `order_events` tables of one account."""

    def plan(self, order: OrderPlan, *, at: datetime) -> Order:
        """Write the intent; planning the same trade again returns the row as it stands.

        Raises:
            SignalFileError: the id exists for a different trade.
        """
        with self._db.transaction():
            known = self.get(order.client_order_id)
            if known is not None:
                _same_trade(known, order)
                return known
            row = self._insert(
                Order,
                {**asdict(order), "details": dict(order.details), "state": S.PLANNED.value, "planned_at": at},
            )
            self._add(OrderEvent, _event(row.id, S.PLANNED, at, {}))
        _tell(row)
        return row

    def transition(
        self,
        client_order_id: str,
        state: JournalState,
        *,
        at: datetime,
        detail: Mapping[str, Any] | None = None,
        **fields: Unpack[OrderChange],
    ) -> Order:
        """Move an order to `state` and append the event, in one commit; return the new row.

        `sent_at`, `gave_up_at` and `ended_at` are filled in from `at` when the state implies them.

        Raises:
            UnresolvedError: unknown id, a way the protocol does not allow, or a fill that would shrink.
        """
        with self._db.transaction():
            order = self._existing(client_order_id)
            _check_step(order, state, fields.get("filled_quantity"))
            changes: dict[str, Any] = {**_stamps(order, state, at), **fields, "state": state.value}
            self._update(Order, {"id": order.id}, changes)
            self._add(OrderEvent, _event(order.id, state, at, dict(detail or {})))
            after = self._existing(client_order_id)
        if (after.state, after.filled_quantity) != (order.state, order.filled_quantity):
            _tell(after)
        return after

    def amend(
        self, client_order_id: str, *, at: datetime, quantity: int, stop_price: Decimal | None
    ) -> Order:
        """Take over what a person or the broker made of an order: its count and its level."""
        with self._db.transaction():
            order = self._existing(client_order_id)
            before = {"quantity": order.quantity, "stop_price": str(order.stop_price)}
            after = {"quantity": quantity, "stop_price": str(stop_price)}
            self._update(Order, {"id": order.id}, {"quantity": quantity, "stop_price": stop_price})
            self._add(OrderEvent, _event(order.id, S(order.state), at, {"changed_from": before, "to": after}))
            return self._existing(client_order_id)

    def note(self, client_order_id: str, *, at: datetime, detail: Mapping[str, Any]) -> None:
        """Append an event without changing the order."""
        with self._db.transaction():
            order = self._existing(client_order_id)
            self._add(OrderEvent, _event(order.id, S(order.state), at, dict(detail)))

    def enlarge(self, order: Order, *, at: datetime) -> Order:
        """Let an order be as large as what it filled: the broker adjusts orders that rest over a split."""
        with self._db.transaction():
            self._update(Order, {"id": order.id}, {"quantity": order.filled_quantity})
            self.note(order.client_order_id, at=at, detail={"quantity_before": order.quantity})
            return self._existing(order.client_order_id)

    def get(self, client_order_id: str) -> Order | None:
        """Return one order."""
        return self._one(_GET, {"client_order_id": client_order_id})

    def by_broker_id(self, broker_order_id: str) -> Order | None:
        """Return the order bound to a broker's id."""
        return self._one(_BY_BROKER_ID, {"broker_order_id": broker_order_id})

    def unfinished(self, variant: str | None = None) -> tuple[Order, ...]:
        """Return every order that is not terminal, oldest first."""
        return _of(variant, self._all(_UNFINISHED))

    def unresolved(self) -> tuple[Order, ...]:
        """Return every order whose existence at the broker is unknown, oldest first."""
        return self._all(_UNRESOLVED)

    def of_session(self, session: date, variant: str | None = None) -> tuple[Order, ...]:
        """Return the orders of one session in the order they were planned."""
        return _of(variant, self._all(_SESSION, {"session": session}))

    def recent(self, limit: int | None = 50, mode: str | None = None) -> tuple[Order, ...]:
        """Return the newest orders, newest first; all of them when `limit` is None."""
        where = matching("account") if mode is None else matching("account", "mode")
        return self._all(select(Order, where, order="id DESC", limit=limit), {"mode": mode})

    def without_trade(self, variant: str) -> tuple[Order, ...]:
        """Return filled orders whose fill is not among the recorded trades yet, oldest first."""
        return self._all(_WITHOUT_TRADE, {"variant": variant})

    def bound_broker_ids(self) -> frozenset[str]:
        """Return every broker order id that already belongs to one of our orders."""
        return frozenset(row[0] for row in self._columns(_BOUND))

    def last_broker_number(self) -> int:
        """Return the highest broker order id that is a plain number, 0 without one."""
        return max((int(name) for name in self.bound_broker_ids() if name.isdecimal()), default=0)

    def symbols(self) -> frozenset[str]:
        """Return every symbol we ever meant to trade."""
        return frozenset(row[0] for row in self._columns(_SYMBOLS))

    def events(self, client_order_id: str) -> tuple[OrderEvent, ...]:
        """Return every step of an order, oldest first."""
        return self._all(_EVENTS, {"client_order_id": client_order_id})

    def next_retry_id(self, client_order_id: str) -> tuple[str, int]:
        """Return the id and attempt number of the next try of the same intent (`_r1`, `_r2`, ...)."""
        base = base_id(client_order_id)
        rows = self._columns(_ATTEMPTS, {"start": f"{base}_r"})
        attempt = max((attempt_of(name) for (name,) in rows if base_id(name) == base), default=0) + 1
        return retry_id(base, attempt), attempt

    def _existing(self, client_order_id: str) -> Order:
        order = self.get(client_order_id)
        if order is None:
            raise UnresolvedError(
                "this order is not in the ledger", where=client_order_id, remedy="compare with `jutsu trades`"
            )
        return order


def _tell(order: Order) -> None:
    """Write a step into the log of the program, where `jutsu logs --order` finds it."""
    broker = f", broker order {order.broker_order_id}" if order.broker_order_id else ""
    reason = f": {order.state_reason}" if order.state_reason else ""
    LOG.info(
        "%s %s: %s %d %s, %d filled%s%s",
        *(order.client_order_id, order.state, order.side, order.quantity, order.symbol),
        *(order.filled_quantity, broker, reason),
    )


def _event(order_id: int, state: JournalState, at: datetime, detail: dict[str, Any]) -> dict[str, Any]:
    return {"order_id": order_id, "at": at, "state": state.value, "detail": detail}


def _of(variant: str | None, orders: tuple[Order, ...]) -> tuple[Order, ...]:
    return orders if variant is None else tuple(o for o in orders if o.variant == variant)


def _same_trade(known: Order, order: OrderPlan) -> None:
    differing = [name for name in _IDENTITY if not _equal(getattr(known, name), getattr(order, name))]
    if differing:
        changes = ", ".join(f"{n}: {getattr(known, n)} -> {getattr(order, n)}" for n in differing)
        raise SignalFileError(
            f"the ledger already has this order with other values ({changes})",
            where=order.client_order_id,
            remedy="undo the edit: an order that was planned can no longer be changed",
        )


def _equal(known: Any, wanted: Any) -> bool:
    if isinstance(known, Decimal) and wanted is not None:
        return known == round_amount(wanted)
    return bool(known == wanted)


def _check_step(order: Order, state: JournalState, filled: int | None) -> None:
    now = S(order.state)
    if state is not now and state not in ALLOWED.get(now, frozenset()):
        raise UnresolvedError(
            f"an order that is {now} cannot become {state}",
            where=order.client_order_id,
            remedy="look at it at the broker, then `jutsu resolve`",
        )
    if now.terminal and state is not now and (filled or 0) <= order.filled_quantity:
        raise UnresolvedError(
            f"an order that ended {now} is now said to be {state} without a further fill",
            where=order.client_order_id,
            remedy="look at it at the broker, then `jutsu reconcile`",
        )
    if filled is not None and not order.filled_quantity <= filled <= order.quantity:
        raise UnresolvedError(
            f"{filled} of {order.quantity} shares filled, but the ledger already has {order.filled_quantity}",
            where=order.client_order_id,
            remedy="look at it at the broker, then `jutsu reconcile`",
        )


def _stamps(order: Order, state: JournalState, at: datetime) -> dict[str, datetime]:
    stamps = {}
    if state is S.SENDING:
        stamps["sent_at"] = at
    if state in {S.UNKNOWN, S.AMBIGUOUS} and order.gave_up_at is None:
        stamps["gave_up_at"] = at
    if state.terminal and order.ended_at is None:
        stamps["ended_at"] = at
    return stamps
