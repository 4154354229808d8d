"""Time and price rules of the paper broker: which session concerns an order, and what it pays."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from live.brokers.paper.rules import (
    checked_until,
    fill_price,
    first_session,
    market_value,
    money,
    needs_bars,
    running_session,
)
from live.brokers.paper.store import PaperOrder
from live.model.broker import OrderState
from live.model.feed import Quote
from tests.support.exec_world import NEW_YORK

WEDNESDAY = date(2025, 3, 5)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a New York instant."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)


def entered(when: datetime, kind: str = "market", state: OrderState = OrderState.PENDING) -> PaperOrder:
    """Return an order as the broker keeps one entered at this instant."""
    return PaperOrder(
        id=1,
        client_id=None,
        symbol="AAA",
        side="sell",
        quantity=1,
        state=state,
        order_type=kind,
        time_in_force="gtc" if kind == "stop" else "day",
        stop_price=Decimal(90) if kind == "stop" else None,
        parent_id=None,
        entered_at=when,
        checked_until=checked_until(when, kind),
        cancel_at=None,
        reason="",
    )


@pytest.mark.parametrize(
    ("when", "kind", "first"),
    [
        (at(WEDNESDAY, 8), "market", WEDNESDAY),
        (at(WEDNESDAY, 15, 59), "market", WEDNESDAY),
        (at(WEDNESDAY, 16), "market", date(2025, 3, 6)),
        (at(date(2025, 3, 8), 12), "market", date(2025, 3, 10)),  # a Saturday
        (at(WEDNESDAY, 9, 59), "stop", WEDNESDAY),  # the whole bar is its risk
        (at(WEDNESDAY, 10), "stop", date(2025, 3, 6)),  # lows of the morning are not its own
        (at(date(2025, 7, 3), 13, 30), "market", date(2025, 7, 7)),  # after an early close
    ],
)
def test_the_first_session_that_concerns_an_order(when: datetime, kind: str, first: date) -> None:
    assert first_session(entered(when, kind)).day == first


@given(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31), timezones=st.just(NEW_YORK)))
def test_a_day_order_concerns_the_running_session_or_the_next(when: datetime) -> None:
    first = first_session(entered(when))
    running = running_session(when)
    assert first.close > when
    assert running is None or first.day == running.day


def test_only_stops_and_orders_that_waited_can_fill_while_nobody_looks() -> None:
    evening = at(WEDNESDAY, 18)
    thursday = date(2025, 3, 6)
    assert needs_bars(entered(evening), thursday)
    assert needs_bars(entered(evening, "stop", OrderState.WORKING), thursday)
    assert not needs_bars(entered(evening), WEDNESDAY)
    assert not needs_bars(entered(evening, state=OrderState.WORKING), thursday)


def test_a_session_runs_from_its_open_to_just_before_its_close() -> None:
    session = calendar.session(WEDNESDAY)
    assert session is not None
    assert running_session(session.open) == session
    assert running_session(session.close) is None
    assert running_session(at(date(2025, 3, 8), 12)) is None


def quote(*, mid: float | None = None, opened: float | None = None) -> Quote:
    """Return a quote of these prices, others unknown."""
    when = at(WEDNESDAY, 15)
    return Quote("AAA", mid, mid, None, quote_time=when, trade_time=when, open=opened)


def test_an_order_pays_the_mid_and_one_that_waited_for_the_open_pays_the_open() -> None:
    seen = quote(mid=100.0, opened=95.0)
    assert fill_price(seen) == 100.0
    assert fill_price(seen, held=True) == 95.0
    assert fill_price(quote(mid=100.0), held=True) == 100.0
    assert fill_price(quote()) is None
    assert fill_price(None) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_money_is_the_float_that_was_meant(value: float) -> None:
    assert float(money(value)) == value


def test_a_position_without_a_price_has_no_value() -> None:
    assert market_value(3, 0.1) == Decimal("0.3")
    assert market_value(3, None) is None
