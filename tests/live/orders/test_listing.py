"""Every run sees what rests at the broker, also what was entered before the span its list covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from live.model.broker import BrokerOrder, OrderState
from live.orders.listing import listed

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)


def stop(order_id: str, days: int, state: OrderState = OrderState.WORKING) -> BrokerOrder:
    """An order of so many days ago."""
    return BrokerOrder(
        order_id=order_id,
        client_order_id=None,
        symbol="AAA",
        side="sell",
        quantity=10,
        order_type="stop",
        time_in_force="gtc",
        stop_price=None,
        limit_price=None,
        state=state,
        raw_status=state.value,
        filled_quantity=0,
        entered_at=NOW - timedelta(days=days),
    )


class Clock:
    def now(self) -> datetime:
        return NOW


class Old:
    """A broker of the protocol as it is needed at least: one list."""

    def __init__(self, *rows: BrokerOrder) -> None:
        self.rows = rows

    def orders(self, since: datetime, until: datetime) -> list[BrokerOrder]:
        return [row for row in self.rows if row.entered_at and since <= row.entered_at <= until]


class New(Old):
    """One that lists what rests."""

    def resting(self, before: datetime) -> list[BrokerOrder]:
        return [
            row for row in self.rows if row.entered_at and row.entered_at < before and not row.state.terminal
        ]


ROWS = (
    stop("resting", 120),
    stop("ended long ago", 100, OrderState.CANCELED),
    stop("on the edge", 59),
    stop("ended lately", 3, OrderState.FILLED),
    stop("new", 0),
)


def ids(broker: Any) -> list[str]:
    return [shown.order_id for shown in listed(broker, Clock())]  # type: ignore[arg-type]


def test_an_old_order_that_rests_is_listed_once_and_what_ended_long_ago_is_not() -> None:
    assert ids(New(*ROWS)) == ["resting", "on the edge", "ended lately", "new"]


def test_a_broker_that_lists_nothing_older_gives_what_it_has() -> None:
    assert ids(Old(*ROWS)) == ["on the edge", "ended lately", "new"]
