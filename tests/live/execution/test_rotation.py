"""A rotation leaves whole or stays whole: no place is emptied that cannot be filled."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backtest.core.planned_orders import MAKES_ROOM_FOR
from live.execution import rotation
from live.execution.context import ExecutionContext
from live.handoff.model import SignalOrder
from live.model.order_state import JournalState as S
from tests.support.exec_world import World, context_on_file, next_row, order, signal

SALE = order("AAA", "exit", 100, 100.0) | {"details": {MAKES_ROOM_FOR: "BBB"}}
ENTRY = order("BBB", "entry", 10, 50.0, rank=1.0)


@pytest.fixture
def run(made: World) -> ExecutionContext:
    made.write(signal([SALE, ENTRY], positions={"AAA": 100}))
    context = context_on_file(made)
    context.ledger.positions.buy(
        "golden",
        "AAA",
        100,
        Decimal(90),
        session=context.session.day,
        mode="offline_mock",
        at=made.clock.now(),
    )
    return context


def halves(run: ExecutionContext) -> tuple[SignalOrder, SignalOrder]:
    (one,) = rotation.of_job(run)
    assert one.entry is not None
    return one.sale, one.entry


def tried(run: ExecutionContext, wanted: SignalOrder, state: S, filled: int = 0) -> None:
    row = next_row(run, wanted, wanted.quantity, run.attempts(wanted.client_order_id))
    orders, now = run.ledger.orders, run.clock.now()
    orders.transition(row.client_order_id, S.SENDING, at=now)
    orders.transition(row.client_order_id, S.ACKED, at=now, broker_order_id=f"b{row.id}")
    orders.transition(row.client_order_id, state, at=now, filled_quantity=filled)


def test_both_halves_stay_when_the_entry_cannot_leave(run: ExecutionContext) -> None:
    sale, entry = halves(run)
    assert rotation.held_whole(run, sale, lambda _: "the security is halted")
    assert run.notes.gated[entry.client_order_id] == "the security is halted"
    assert "BBB cannot be bought" in run.notes.gated[sale.client_order_id]
    assert rotation.kept_whole(run) == {sale.client_order_id}


def test_the_sale_goes_when_its_entry_can(run: ExecutionContext) -> None:
    sale, _ = halves(run)
    assert not rotation.held_whole(run, sale, lambda _: "")
    assert run.notes.gated == {}
    assert rotation.kept_whole(run) == set()


def test_a_sale_that_left_is_followed_to_its_end(run: ExecutionContext) -> None:
    sale, _ = halves(run)
    tried(run, sale, S.WORKING)
    assert not rotation.held_whole(run, sale, lambda _: "the kill switch is on")
    assert run.notes.gated == {}


def test_the_entry_waits_for_the_last_share_of_its_sale(run: ExecutionContext) -> None:
    sale, entry = halves(run)
    assert rotation.unsold(run, entry) == "AAA"
    tried(run, sale, S.PARTIAL, 60)
    assert rotation.unsold(run, entry) == "AAA"
    run.ledger.orders.transition(sale.client_order_id, S.FILLED, at=run.clock.now(), filled_quantity=100)
    assert rotation.unsold(run, entry) == ""


def test_an_ordinary_sell_or_entry_is_no_rotation(made: World) -> None:
    made.write(signal([order("AAA", "exit", 100, 100.0), ENTRY], positions={"AAA": 100}))
    context = context_on_file(made)
    assert rotation.of_job(context) == ()
    sell, entry = context.job.go
    assert not rotation.held_whole(context, sell, lambda _: "anything")
    assert rotation.unsold(context, entry) == ""


@pytest.mark.parametrize(
    ("sold", "bought", "alarms"),
    [
        ((S.FILLED, 100), (S.REJECTED, 0), 1),
        ((S.FILLED, 100), (S.FILLED, 10), 0),
        ((S.FILLED, 100), (S.WORKING, 0), 0),  # may still fill
        ((S.REJECTED, 0), (S.REJECTED, 0), 0),
    ],
)
def test_half_a_rotation_is_an_alarm(
    run: ExecutionContext, sold: tuple[S, int], bought: tuple[S, int], alarms: int
) -> None:
    sale, entry = halves(run)
    tried(run, sale, *sold)
    tried(run, entry, *bought)
    rotation.note_halves(run)
    assert len(run.notes.critical) == alarms
    assert all("AAA was sold, BBB was not bought" in text for text in run.notes.critical)
