"""One try of an order: which plan is taken up, which is replaced, and what goes with it to the broker."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live.books.owners import STOP_PCT
from live.execution.context import ExecutionContext
from live.execution.sending import send
from live.handoff.model import SignalOrder
from live.model.order_state import JournalState
from live.orders.attempts import Attempts
from tests.support.exec_world import DAY, ENTRY, World, context_on_file, enter, next_row, order, signal

NAME = f"{DAY:%Y%m%d}_AAA_entry_buy"


def on_file(made: World, *orders: dict[Any, Any]) -> tuple[ExecutionContext, SignalOrder]:
    made.write(signal(list(orders) or [ENTRY]))
    context = context_on_file(made)
    return context, context.job.go[0]


def test_the_first_try_carries_what_the_file_says(made: World) -> None:
    context, wanted = on_file(made)
    row = next_row(context, wanted, 100, Attempts())
    assert (row.client_order_id, row.attempt, row.parent_client_order_id) == (NAME, 0, None)
    assert (row.symbol, row.side, row.intent, row.quantity) == ("AAA", "buy", "entry", 100)
    assert (row.state, row.order_type, row.time_in_force) == (JournalState.PLANNED, "market", "day")
    assert (row.reference_price, row.quote_price, row.rank) == (Decimal(100), Decimal(100), 2.0)
    assert row.planned_stop_price == row.stop_price == Decimal(90)
    assert row.details[STOP_PCT] == 10.0  # the usual stop follows the fill
    assert row.seal == context.seal


def test_a_planned_try_that_never_left_is_taken_up_not_doubled(made: World) -> None:
    context, wanted = on_file(made)
    first = next_row(context, wanted, 100, Attempts())
    again = next_row(context, wanted, 100, context.attempts(NAME))
    assert again.client_order_id == first.client_order_id
    assert len(context.rows()) == 1


@pytest.mark.parametrize(("quantity", "stop"), [(60, 90.0), (100, 80.0)], ids=["quantity", "stop"])
def test_a_planned_try_that_no_longer_fits_lapses_and_is_replaced(
    made: World, quantity: int, stop: float
) -> None:
    context, wanted = on_file(made)
    next_row(context, wanted, 100, Attempts())
    moved = wanted.model_copy(update={"stop": wanted.stop.model_copy(update={"price": stop})})
    row = next_row(context, moved, quantity, context.attempts(NAME))
    assert (row.client_order_id, row.attempt, row.parent_client_order_id) == (f"{NAME}_r1", 1, NAME)
    assert (row.quantity, row.planned_stop_price) == (quantity, Decimal(str(stop)))
    lapsed = context.ledger.orders.get(NAME)
    assert (lapsed.state, f"{quantity} shares, stop {stop:g}" in lapsed.state_reason.replace(".00", "")) == (
        JournalState.LAPSED,
        True,
    )


@pytest.mark.parametrize("details", [{}, {STOP_PCT: 10.0}], ids=["plain", "with the strategy's distance"])
def test_a_stop_that_a_person_moved_stays_where_it_was_put(made: World, details: dict[str, Any]) -> None:
    context, wanted = on_file(made, order("AAA", "entry", 100, 100.0, stop=85.0))
    wanted = wanted.model_copy(update={"details": {**wanted.details, **details}})
    row = next_row(context, wanted, 100, Attempts())
    assert STOP_PCT not in row.details
    assert row.stop_price == row.planned_stop_price == Decimal(85)


def test_an_attached_stop_never_lies_above_the_market(made: World) -> None:
    made.write(signal([ENTRY]))
    made.feed.prices["AAA"] = 80.0  # below the planned stop of 90: it would sell at once
    context = context_on_file(made)
    row = next_row(context, context.job.go[0], 100, Attempts())
    assert (row.stop_price, row.planned_stop_price) == (Decimal(72), Decimal(90))


def test_after_a_refusal_with_its_stop_the_buy_goes_alone(made: World) -> None:
    context, wanted = on_file(made)
    next_row(context, wanted, 100, Attempts())
    ledger, now = context.ledger.orders, context.clock.now()
    ledger.transition(NAME, JournalState.SENDING, at=now)
    ledger.transition(NAME, JournalState.REFUSED, at=now, state_reason="complex orders are not enabled")
    row = next_row(context, wanted, 100, context.attempts(NAME))
    assert (row.attempt, row.stop_price, row.planned_stop_price) == (1, None, Decimal(90))


def test_a_broker_without_attached_stops_gets_none(made: World) -> None:
    made.attached = False
    context, wanted = on_file(made)
    row = next_row(context, wanted, 100, Attempts())
    assert (row.stop_price, row.planned_stop_price) == (None, Decimal(90))


@pytest.mark.parametrize(("minutes", "time_in_force"), [(-1, "opg"), (1, "day")])
def test_an_auction_order_after_the_open_is_a_day_order(
    made: World, minutes: int, time_in_force: str
) -> None:
    context, wanted = on_file(made)
    made.clock.set(context.session.open + timedelta(minutes=minutes))
    auction = wanted.model_copy(update={"order_type": "market_on_open"})
    assert next_row(context, auction, 100, Attempts()).time_in_force == time_in_force


def test_a_poor_quote_is_no_price_to_judge_a_fill_by(made: World) -> None:
    context, wanted = on_file(made)
    made.feed.status = "halted"
    assert next_row(context, wanted, 100, Attempts()).quote_price is None


def test_a_buy_over_the_limit_of_a_run_is_planned_and_held_back(made: World) -> None:
    made.overrides = {"execution": {"min_cash_pct": 0, "limits": {"max_orders_per_run": 1}}}
    enter(made, ENTRY)
    context = context_on_file(made)
    second = context.job.go[0].model_copy(
        update={"client_order_id": f"{DAY:%Y%m%d}_BBB_entry_buy", "symbol": "BBB"}
    )
    row = send(context, second, 10, Attempts())
    assert row.state == JournalState.PLANNED
    assert context.notes.gated == {second.client_order_id: "max_orders_per_run is reached"}
    assert made.holdings() == {"AAA": 100}


def test_no_limit_of_a_run_holds_a_sell(made: World) -> None:
    made.overrides = {"execution": {"min_cash_pct": 0, "limits": {"max_orders_per_run": 1}}}
    enter(made, ENTRY)
    context = context_on_file(made)
    name = f"{DAY:%Y%m%d}_AAA_exit_sell"
    sale = context.job.go[0].model_copy(
        update={"client_order_id": name, "side": "sell", "intent": "exit", "stop": None}
    )
    stop = next(row for row in context.rows() if row.intent == "stop")
    context.submission.cancel(stop)
    assert send(context, sale, 100, Attempts()).filled_quantity == 100
    assert made.holdings() == {}


def test_a_planned_try_of_a_crashed_run_does_not_bring_back_its_old_stop(made: World) -> None:
    context, wanted = on_file(made)
    next_row(context, wanted, 100, Attempts())  # died here
    made.ledger.close()
    moved = order("AAA", "entry", 100, 100.0, stop=80.0, rank=2.0)
    made.write(signal([moved]))  # generated again with --force
    made.executor()
    position = made.ledger.positions.get("golden", "AAA")
    assert position is not None
    assert position.stop_price == Decimal(80)
