"""Orders the ledger does not know: which stop a run, which do not, and what a person can say about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UnresolvedError, UsageError
from live.books.unknown_orders import adopt, declare_foreign, ended, require_known, unknown
from live.ledger.generation import generation_file
from live.ledger.orders import OrderPlan
from live.ledger.signal_files import GeneratedSignal
from live.model.broker import BrokerOrder, Execution, OrderState
from live.model.order_state import JournalState
from live.orders import listing
from live.runtime.runtime import Runtime
from tests.live.books.conftest import Opened
from tests.support.exec_world import Wrapped

SHIPPED = {"golden": "daily", "ema_p10": "on_request"}


@pytest.fixture
def runtime(opened: Opened) -> Iterator[Runtime]:
    with opened(**SHIPPED) as made:
        yield made


def now(runtime: Runtime) -> datetime:
    return runtime.clock.now()


def shown(runtime: Runtime, symbol: str = "TQQQ", **changes: Any) -> BrokerOrder:
    """Return a buy of 10 that works at the broker since now."""
    made = BrokerOrder(
        "b1", symbol, "buy", 10, 0, OrderState.WORKING, "market", "day", entered_at=now(runtime)
    )
    return replace(made, **changes)


def filled(runtime: Runtime, symbol: str = "TQQQ", *, days_ago: int = 0, **changes: Any) -> BrokerOrder:
    at = now(runtime) - timedelta(days=days_ago)
    fill = Execution("e1", "b1", symbol, "buy", 10, Decimal(50), at)
    full: dict[str, Any] = {
        "filled_quantity": 10,
        "state": OrderState.FILLED,
        "average_price": Decimal(50),
        "entered_at": at,
        "executions": (fill,),
    }
    return shown(runtime, symbol, **(full | changes))


def stop(runtime: Runtime, quantity: int = 10, **changes: Any) -> BrokerOrder:
    resting: dict[str, Any] = {
        "side": "sell",
        "quantity": quantity,
        "order_type": "stop",
        "time_in_force": "gtc",
        "stop_price": Decimal(40),
    }
    return shown(runtime, **(resting | changes))


def hold(runtime: Runtime, quantity: int = 10) -> None:
    runtime.ledger.positions.buy(
        "golden", "TQQQ", quantity, Decimal(50),
        session=runtime.today(), mode="offline_mock", at=now(runtime),
    )  # fmt: skip
    row = runtime.ledger.positions.get("golden", "TQQQ")
    assert row is not None
    runtime.ledger.positions.set_stop(
        row.id,
        needs_stop=True,
        stop_price=Decimal(40),
        stop_client_order_id=None,
        stop_broker_order_id=None,
        stop_expires_at=None,
    )


def journal(runtime: Runtime, name: str, *, broker_id: str | None, state: JournalState) -> None:
    orders, at = runtime.ledger.orders, now(runtime)
    orders.plan(OrderPlan(name, "golden", runtime.today(), "offline_mock", "TQQQ", "buy", "entry", 10), at=at)
    orders.transition(name, JournalState.SENDING, at=at, ids_before=[])
    if state is not JournalState.SENDING:
        orders.transition(name, state, at=at, broker_order_id=broker_id)


def showing(runtime: Runtime, *orders: BrokerOrder) -> Runtime:
    """Return the run with a broker that lists these orders."""
    by_id = {o.order_id: o for o in orders}
    listing = Wrapped(
        runtime.broker, orders=lambda *_: list(orders), order=lambda _, order_id: by_id.get(order_id)
    )
    return replace(runtime, broker=listing)


def test_a_live_order_of_a_symbol_that_a_book_trades_may_be_ours(runtime: Runtime) -> None:
    assert [o.order_id for o in unknown(runtime.context, [shown(runtime)])] == ["b1"]


def test_a_symbol_of_no_book_is_somebody_elses_unless_it_carries_an_id_of_ours(runtime: Runtime) -> None:
    assert unknown(runtime.context, [shown(runtime, "ZZZ")]) == ()
    named = shown(runtime, "ZZZ", client_order_id=f"{runtime.today():%Y%m%d}_ZZZ_entry_buy")
    assert unknown(runtime.context, [named]) == (named,)
    assert unknown(runtime.context, [shown(runtime, "ZZZ", client_order_id="my own order 1")]) == ()


def test_a_symbol_of_the_journal_may_be_ours_although_no_book_names_it_any_more(runtime: Runtime) -> None:
    plan = OrderPlan(
        "20200102_ZZZ_entry_buy", "golden", date(2020, 1, 2), "offline_mock", "ZZZ", "buy", "entry", 1
    )
    runtime.ledger.orders.plan(plan, at=now(runtime))
    assert unknown(runtime.context, [shown(runtime, "ZZZ")]) != ()


@pytest.mark.parametrize("field", ["order_id", "parent_id"])
def test_an_order_of_ours_and_what_was_attached_to_it_is_known(runtime: Runtime, field: str) -> None:
    journal(runtime, "20200102_TQQQ_entry_buy", broker_id="b9", state=JournalState.ACKED)
    assert unknown(runtime.context, [shown(runtime, **{field: "b9"})]) == ()


def test_what_ended_matters_when_it_filled_today_and_is_not_booked(runtime: Runtime) -> None:
    assert unknown(runtime.context, [shown(runtime, state=OrderState.CANCELED)]) == ()
    assert unknown(runtime.context, [filled(runtime, days_ago=1)]) == ()
    assert unknown(runtime.context, [filled(runtime)]) != ()
    bare = filled(runtime, executions=())  # a broker that lists no executions: its entry time counts
    assert unknown(runtime.context, [bare]) != ()
    assert unknown(runtime.context, [filled(runtime, executions=(), days_ago=1)]) == ()
    runtime.ledger.executions.book(filled(runtime).executions, at=now(runtime))
    assert unknown(runtime.context, [filled(runtime)]) == ()


@pytest.mark.parametrize(
    ("state", "known"),
    [(JournalState.SENDING, True), (JournalState.UNKNOWN, True), (JournalState.REFUSED, False)],
)
def test_only_a_row_whose_fate_is_open_explains_an_order_by_its_name(
    runtime: Runtime, state: JournalState, *, known: bool
) -> None:
    name = f"{runtime.today():%Y%m%d}_TQQQ_entry_buy"
    journal(runtime, name, broker_id=None, state=state)
    assert (unknown(runtime.context, [shown(runtime, client_order_id=name)]) == ()) is known


def test_only_the_one_stop_over_exactly_the_shares_protects(runtime: Runtime) -> None:
    hold(runtime, 10)
    right, short, second = stop(runtime), stop(runtime, 9), stop(runtime, order_id="b2")
    assert unknown(runtime.context, [right]) == ()
    assert unknown(runtime.context, [short]) == (short,)
    assert unknown(runtime.context, [right, second]) == (right, second)
    ended_one = replace(second, state=OrderState.CANCELED)
    assert unknown(runtime.context, [right, ended_one]) == ()


def test_a_stop_over_a_position_that_needs_none_is_unknown(runtime: Runtime) -> None:
    runtime.ledger.positions.buy(
        "golden", "TQQQ", 10, Decimal(50),
        session=runtime.today(), mode="offline_mock", at=now(runtime),
    )  # fmt: skip
    assert unknown(runtime.context, [stop(runtime)]) != ()


def test_the_refusal_names_each_order_and_what_a_person_can_do(runtime: Runtime) -> None:
    require_known(runtime.context, [shown(runtime, "ZZZ")])
    with pytest.raises(UnresolvedError) as caught:
        require_known(runtime.context, [shown(runtime), shown(runtime, "QQQ", order_id="b2", side="sell")])
    error = caught.value
    assert error.exit_code == 8
    assert "2 orders" in error.problem
    assert "TQQQ buy 10 market day, 0 filled, WORKING (order b1)" in error.problem
    assert [finding.path for finding in error.findings] == ["b1", "b2"]
    assert "--broker-order b1 --foreign" in str(error.remedy)


def test_what_a_person_called_foreign_stops_nothing_any_more(runtime: Runtime) -> None:
    order = shown(runtime)
    world = showing(runtime, order, shown(runtime, order_id="b2"))
    assert declare_foreign(world.broker, world.ledger, world.clock, "b1", by="me") == order
    assert [o.order_id for o in unknown(world.context, listing.listed(world.broker, world.clock))] == ["b2"]


def test_an_order_that_is_not_there_or_ours_already_cannot_be_answered(runtime: Runtime) -> None:
    journal(runtime, "20200102_TQQQ_entry_buy", broker_id="b1", state=JournalState.ACKED)
    world = showing(runtime, shown(runtime))
    for answer in (
        lambda order_id: declare_foreign(world.broker, world.ledger, world.clock, order_id, by="me"),
        lambda order_id: adopt(world.context, world.broker, order_id, "golden", by="me"),
    ):
        with pytest.raises(UsageError, match="no such order"):
            answer("b7")
        with pytest.raises(UsageError, match="already belongs"):
            answer("b1")


def test_an_adopted_fill_becomes_a_position_of_its_book(runtime: Runtime) -> None:
    world = showing(runtime, filled(runtime))
    name = adopt(world.context, world.broker, "b1", "golden", by="me")
    assert name == f"{runtime.today():%Y%m%d}_TQQQ_entry_buy"
    (row,) = runtime.ledger.positions.open_positions("golden")
    assert (row.symbol, row.quantity, row.entry_price) == ("TQQQ", 10, Decimal(50))
    assert unknown(world.context, listing.listed(world.broker, world.clock)) == ()
    with pytest.raises(UsageError, match="already belongs"):
        adopt(world.context, world.broker, "b1", "golden", by="me")


def test_an_adopted_order_takes_the_next_free_name(runtime: Runtime) -> None:
    journal(runtime, f"{runtime.today():%Y%m%d}_TQQQ_entry_buy", broker_id="b9", state=JournalState.ACKED)
    world = showing(runtime, filled(runtime))
    assert (
        adopt(world.context, world.broker, "b1", "golden", by="me")
        == f"{runtime.today():%Y%m%d}_TQQQ_entry_buy_r1"
    )


def test_only_a_configured_book_can_adopt(runtime: Runtime) -> None:
    world = showing(runtime, filled(runtime))
    with pytest.raises(UsageError, match="no configured primary"):
        adopt(world.context, world.broker, "b1", "titan", by="me")
    assert runtime.ledger.positions.shares() == {}


def test_a_buy_that_needs_a_stop_waits_for_its_fill(runtime: Runtime) -> None:
    world = showing(runtime, shown(runtime, "AAPL"))
    with pytest.raises(UsageError, match="wait for its fill"):
        adopt(world.context, world.broker, "b1", "ema_p10", by="me")
    world = showing(runtime, filled(runtime, "AAPL"))
    adopt(world.context, world.broker, "b1", "ema_p10", by="me")
    (row,) = runtime.ledger.positions.unprotected()
    assert (row.variant, row.symbol) == ("ema_p10", "AAPL")


def test_the_ended_are_those_that_can_fill_no_more() -> None:
    at = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
    listed = [
        BrokerOrder(state.value, "AAA", "buy", 1, 0, state, "market", "day", entered_at=at)
        for state in OrderState
    ]
    assert ended(listed) == ("FILLED", "CANCELED", "REPLACED", "EXPIRED", "REJECTED")


def restore(runtime: Runtime) -> None:
    """Put the ledger behind its own generation, as a copy of before the last orders is."""
    generation_file(Path(runtime.ledger.where)).write_text("7\n")
    assert runtime.ledger.generation.restored()


def test_what_a_restored_ledger_forgot_may_be_ours_whatever_its_symbol(runtime: Runtime) -> None:
    unasked = filled(runtime, "NEVER", days_ago=3)
    assert unknown(runtime.context, [unasked]) == ()

    restore(runtime)

    assert unknown(runtime.context, [unasked]) == (unasked,)
    assert unknown(runtime.context, [filled(runtime, "NEVER", filled_quantity=0)]) == ()
    runtime.ledger.signals.record(
        GeneratedSignal(
            session=runtime.today(),
            variant="golden",
            role="primary",
            path="x",
            content="{}",
            seal="0",
            bytes_sha256="0",
            generated_at=now(runtime) - timedelta(days=2),
        )
    )
    assert unknown(runtime.context, [unasked]) == ()  # it was there when the copy was made
