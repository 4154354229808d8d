"""All tries of one intent, as the ledger showed them at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from live.ledger.tables import Order
from live.model.order_ids import base_id
from live.model.order_state import JournalState

#: a try that ended like this says no to the order itself: sending it again unchanged is pointless
NOT_ACCEPTED = frozenset({JournalState.REFUSED, JournalState.REJECTED})
#: a person changed the order at the broker: what it became is theirs, and a second one would double it
BY_HAND = JournalState.REPLACED
#: detail of an order that this program asked to cancel
CANCEL_ASKED = "cancel_asked"


def may_fill(order: Order) -> bool:
    """Whether the broker may still fill an order: it left (or may have left) and has not ended."""
    return order.state != JournalState.PLANNED and not JournalState(order.state).terminal


def panic_sells(orders: Iterable[Order]) -> tuple[str, ...]:
    """Return a line for each sell of a panic that the broker may still fill."""
    return tuple(
        f"a sell of a panic is still live: {one.symbol}, order {one.broker_order_id} "
        f"({one.side} {one.quantity - one.filled_quantity}); it fills at an open, the next run books it"
        for one in orders
        if one.reason == "panic" and one.broker_order_id is not None and may_fill(one)
    )


@dataclass(frozen=True, slots=True)
class Attempts:
    """The tries of one intent, oldest first; empty before the first.

    A copy of what was read, not a view: read it again (`of_intent`, `by_intent`) after anything that may have
    changed these orders, that is after every send, refresh, cancel or wait.
    """

    tries: tuple[Order, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any try."""
        return bool(self.tries)

    def __len__(self) -> int:
        """Return the number of tries."""
        return len(self.tries)

    @property
    def first(self) -> Order:
        """The oldest try; IndexError without any."""
        return self.tries[0]

    @property
    def last(self) -> Order | None:
        """The newest try, None without any."""
        return self.tries[-1] if self.tries else None

    @property
    def sent(self) -> bool:
        """Whether any try left, or may have left, for the broker."""
        return any(order.state != JournalState.PLANNED for order in self.tries)

    @property
    def filled(self) -> int:
        """Shares filled over all tries."""
        return sum(order.filled_quantity for order in self.tries)

    @property
    def open_attempts(self) -> tuple[Order, ...]:
        """The tries the broker may still fill."""
        return tuple(order for order in self.tries if may_fill(order))

    @property
    def planned(self) -> Order | None:
        """The newest try when it was planned and never left, else None."""
        last = self.last
        return last if last is not None and last.state == JournalState.PLANNED else None

    @property
    def replaced_by_hand(self) -> bool:
        """Whether a person replaced any try at the broker."""
        return any(order.state == BY_HAND for order in self.tries)

    @property
    def cancelled_by_hand(self) -> bool:
        """Whether the last try was a buy that ended without this program asking: a person's answer."""
        last = self.last
        if last is None or last.side != "buy" or last.state != JournalState.CANCELED:
            return False
        return not last.details.get(CANCEL_ASKED)

    @property
    def refused_with_stop(self) -> bool:
        """Whether the last try was a buy refused while it carried its stop: the buy alone may be accepted."""
        last = self.last
        if last is None:
            return False
        return last.side == "buy" and last.state == JournalState.REFUSED and last.stop_price is not None

    @property
    def refused(self) -> bool:
        """Whether the same order must not be sent again: it was refused, or a person replaced or ended it."""
        last = self.last
        if last is None:
            return False
        if last.state == BY_HAND or self.cancelled_by_hand:
            return True
        return last.state in NOT_ACCEPTED and not self.refused_with_stop

    def target(self, quantity: int) -> int:
        """Return the shares all tries together aim at: a recount may have made the first one smaller."""
        return min(quantity, self.first.quantity) if self.tries else quantity

    def left(self, quantity: int) -> int:
        """Return the shares still missing of an order for `quantity` shares."""
        return self.target(quantity) - self.filled


def of_intent(rows: Iterable[Order], client_order_id: str) -> Attempts:
    """Return the tries of one intent among the rows of a session, in the order of the rows."""
    return Attempts(tuple(row for row in rows if base_id(row.client_order_id) == client_order_id))


def by_intent(rows: Iterable[Order]) -> dict[str, Attempts]:
    """Return client order id of the first try -> the tries, for every intent among the rows of a session."""
    found: dict[str, list[Order]] = {}
    for row in rows:
        found.setdefault(base_id(row.client_order_id), []).append(row)
    return {name: Attempts(tuple(tries)) for name, tries in found.items()}
