"""What the broker shows becomes the ledger's truth: once, whole, and never backwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UnresolvedError
from live.ledger.ledger import Ledger
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.broker import BrokerOrder, Execution, OrderState
from live.model.order_state import JournalState
from live.orders.booking import REALISED, book
from tests.support.exec_world import AT, DAY

Side = Literal["buy", "sell"]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger.db", account="paper", now=AT)


def sent(ledger: Ledger, name: str, side: Side, quantity: int, *, day: date = DAY) -> Order:
    """Journal an order that the broker has accepted under the id `b-<name>`."""
    intent = "entry" if side == "buy" else name if name == "stop" else "exit"
    plan = OrderPlan(
        client_order_id=name,
        session=day,
        variant="golden",
        symbol="AAA",
        side=side,
        intent=intent,
        quantity=quantity,
        order_type="market",
        mode="offline_mock",
    )
    ledger.orders.plan(plan, at=AT)
    ledger.orders.transition(name, JournalState.SENDING, at=AT)
    return ledger.orders.transition(name, JournalState.PENDING, at=AT, broker_order_id=f"b-{name}")


def shown(order: Order, state: OrderState, *fills: tuple[int, str], filled: int | None = None) -> BrokerOrder:
    """Return the broker's view: executions of (shares, price), and what its order row says was filled."""
    executions = tuple(
        Execution(
            f"{order.client_order_id}-{n}",
            f"b-{order.client_order_id}",
            "AAA",
            side_of(order),
            q,
            Decimal(p),
            AT,
        )
        for n, (q, p) in enumerate(fills)
    )
    return BrokerOrder(
        order_id=f"b-{order.client_order_id}",
        symbol="AAA",
        side=side_of(order),
        quantity=order.quantity,
        filled_quantity=sum(q for q, _ in fills) if filled is None else filled,
        state=state,
        order_type="market",
        time_in_force="day",
        raw_status=state.value,
        executions=executions,
    )


def side_of(order: Order) -> Side:
    return "buy" if order.side == "buy" else "sell"


def test_a_fill_is_state_execution_position_and_cash_in_one(ledger: Ledger) -> None:
    order = sent(ledger, "buy", "buy", 10)
    after = book(ledger, order, shown(order, OrderState.FILLED, (4, "100"), (6, "101")), at=AT)
    assert (after.state, after.filled_quantity, after.average_price) == ("FILLED", 10, Decimal("100.6"))
    assert ledger.positions.shares("golden") == {"AAA": 10}
    assert len(ledger.executions.of_order("buy")) == 2


def test_the_same_sight_again_changes_nothing(ledger: Ledger) -> None:
    order = sent(ledger, "buy", "buy", 10)
    sight = shown(order, OrderState.PARTIAL, (4, "100"))
    first = book(ledger, order, sight, at=AT)
    again = book(ledger, first, sight, at=AT)
    assert again is first
    assert ledger.positions.shares("golden") == {"AAA": 4}


def test_an_end_whose_executions_are_still_missing_stays_live(ledger: Ledger) -> None:
    order = sent(ledger, "buy", "buy", 10)
    partly = book(ledger, order, shown(order, OrderState.FILLED, (4, "100"), filled=10), at=AT)
    assert (partly.state, partly.filled_quantity) == ("UNKNOWN_LIVE", 4)
    whole = book(ledger, partly, shown(order, OrderState.FILLED, (4, "100"), (6, "100")), at=AT)
    assert (whole.state, whole.filled_quantity) == ("FILLED", 10)
    assert ledger.positions.shares("golden") == {"AAA": 10}


def test_the_profit_of_a_sale_adds_up_over_its_fills(ledger: Ledger) -> None:
    bought = sent(ledger, "buy", "buy", 10)
    book(ledger, bought, shown(bought, OrderState.FILLED, (10, "100")), at=AT)
    order = sent(ledger, "sell", "sell", 10)
    first = book(ledger, order, shown(order, OrderState.PARTIAL, (4, "110")), at=AT)
    assert Decimal(first.details[REALISED]) == 40
    last = book(ledger, first, shown(order, OrderState.FILLED, (4, "110"), (6, "95")), at=AT)
    assert Decimal(last.details[REALISED]) == 10
    assert ledger.positions.shares("golden") == {}


def test_a_fill_that_shrinks_is_an_error_and_changes_nothing(ledger: Ledger) -> None:
    order = sent(ledger, "buy", "buy", 10)
    after = book(ledger, order, shown(order, OrderState.PARTIAL, (4, "100")), at=AT)
    with pytest.raises(UnresolvedError):
        book(ledger, after, shown(order, OrderState.PARTIAL), at=AT)
    assert ledger.positions.shares("golden") == {"AAA": 4}
    assert ledger.orders.get("buy").filled_quantity == 4


def test_a_stop_that_ended_is_taken_off_its_position(ledger: Ledger) -> None:
    bought = sent(ledger, "buy", "buy", 10)
    book(ledger, bought, shown(bought, OrderState.FILLED, (10, "100")), at=AT)
    stop = sent(ledger, "stop", "sell", 10)
    (held,) = ledger.positions.open_positions("golden")
    ledger.positions.set_stop(
        held.id, stop_client_order_id="stop", stop_broker_order_id="b-stop", stop_expires_at=None
    )
    working = book(ledger, stop, shown(stop, OrderState.WORKING), at=AT)
    (held,) = ledger.positions.open_positions("golden")
    assert held.stop_client_order_id == "stop"
    book(ledger, working, shown(stop, OrderState.EXPIRED), at=AT)
    (held,) = ledger.positions.open_positions("golden")
    assert (held.stop_client_order_id, held.stop_broker_order_id) == (None, None)


def test_a_fill_reported_twice_under_two_ids_is_booked_once(ledger: Ledger) -> None:
    order = sent(ledger, "buy", "buy", 100)
    twice = shown(order, OrderState.FILLED, (60, "10"), (40, "10"), (60, "10"), filled=100)

    after = book(ledger, order, twice, at=AT)
    again = book(ledger, after, twice, at=AT)

    assert (after.state, after.filled_quantity) == (JournalState.FILLED, 100)
    assert again == after
    assert ledger.positions.shares() == {"AAA": 100}


def test_two_equal_fills_that_add_up_are_two_fills(ledger: Ledger) -> None:
    order = sent(ledger, "buy", "buy", 100)

    after = book(ledger, order, shown(order, OrderState.FILLED, (50, "10"), (50, "10"), filled=100), at=AT)

    assert after.filled_quantity == 100


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_a_fill_reported_again_with_another_id_time_and_rounding_is_booked_once(
    shares: list[int], data: st.DataObject
) -> None:
    """Any of the fills comes a second time, in any order, now or at a later look."""
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        total = sum(shares)
        order = sent(ledger, "buy", "buy", total)
        first = shown(order, OrderState.PARTIAL, *((n, "10.0001") for n in shares[:1]), filled=shares[0])
        if data.draw(st.booleans(), label="looked before"):
            order = book(ledger, order, first, at=AT)
        whole = shown(order, OrderState.FILLED, *((n, "10.0001") for n in shares), filled=total)
        repeated = data.draw(st.lists(st.sampled_from(whole.executions), min_size=1, unique=True))
        seconds = data.draw(st.integers(-90, 90))
        rounded, late = Decimal("10.00"), timedelta(seconds=seconds)
        again = [
            replace(one, execution_id=f"again-{one.execution_id}", price=rounded, at=one.at + late)
            for one in repeated
        ]
        mixed = data.draw(st.permutations([*whole.executions, *again]))
        after = book(ledger, order, replace(whole, executions=tuple(mixed)), at=AT)
        assert (after.state, after.filled_quantity) == (JournalState.FILLED, total)
        assert ledger.positions.shares() == {"AAA": total}
        assert book(ledger, after, replace(whole, executions=tuple(mixed)), at=AT) == after
