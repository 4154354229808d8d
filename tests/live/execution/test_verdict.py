"""The end of a run: what counts as missed, what a quiet day is, and what a poll still has to judge."""

from __future__ import annotations

from typing import Any

import pytest

from live.execution.context import ExecutionContext
from live.execution.job import Phase
from live.execution.verdict import missed_exits, nothing_filled, verdict
from live.model.order_state import JournalState as S
from tests.support.exec_world import World, context_on_file, next_row, order, signal

BUY = order("BBB", "entry", 10, 50.0, rank=1.0)
SALE = order("AAA", "exit", 100, 100.0)


def run(made: World, *orders: dict[Any, Any], phase: Phase = "all") -> ExecutionContext:
    """Return the context of a run on a file with these orders; nothing was tried yet."""
    made.write(signal(list(orders), positions={"AAA": 100}))
    return context_on_file(made, phase=phase)


def tried(context: ExecutionContext, symbol: str, state: S, filled: int = 0) -> None:
    """Let the order of a symbol have one more try that stands like this."""
    (wanted,) = [o for o in context.job.go if o.symbol == symbol]
    attempts = context.attempts(wanted.client_order_id)
    row = next_row(context, wanted, wanted.quantity - attempts.filled, attempts)
    orders, now = context.ledger.orders, context.clock.now()
    if state is S.PLANNED:
        return
    name = row.client_order_id
    orders.transition(name, S.SENDING, at=now)
    if state is not S.REFUSED:
        orders.transition(name, S.ACKED, at=now, broker_order_id=f"b{row.id}")
    orders.transition(name, state, at=now, filled_quantity=filled)


def test_a_day_without_orders_is_a_success(made: World) -> None:
    context = run(made)
    assert verdict(context, "completed") is None
    assert not nothing_filled(context)


@pytest.mark.parametrize(
    ("state", "filled", "missed"),
    [
        (S.FILLED, 100, []),
        (S.CANCELED, 99, ["AAA"]),
        (S.REJECTED, 0, ["AAA"]),
        (S.REFUSED, 0, ["AAA"]),
        (S.WORKING, 40, ["AAA"]),
    ],
)
def test_a_sell_counts_only_with_its_last_share(
    made: World, state: S, filled: int, missed: list[str]
) -> None:
    context = run(made, SALE)
    tried(context, "AAA", state, filled)
    assert missed_exits(context) == missed


def test_retries_of_a_sell_count_together(made: World) -> None:
    context = run(made, SALE)
    tried(context, "AAA", S.CANCELED, 60)
    assert missed_exits(context) == ["AAA"]
    tried(context, "AAA", S.FILLED, 40)
    assert missed_exits(context) == []


@pytest.mark.parametrize("phase", ["place", "poll"])
def test_a_sell_that_still_waits_is_no_miss_before_the_poll_has_judged_it(made: World, phase: Phase) -> None:
    context = run(made, SALE, phase=phase)
    tried(context, "AAA", S.WORKING, 40)
    assert missed_exits(context) == []
    assert verdict(context, "partial") is None
    name = context.job.go[0].client_order_id
    context.ledger.orders.transition(name, S.CANCELED, at=context.clock.now(), filled_quantity=40)
    assert missed_exits(context) == ["AAA"]


def test_a_sell_that_a_gate_held_back_is_missed(made: World) -> None:
    context = run(made, SALE, BUY)
    context.notes.gate(context.job.go[0].client_order_id, "the security is halted")
    found = verdict(context, "gated")
    assert found is not None
    assert found.exit_code == 7
    assert found.problem == "not sold as decided: AAA"
    assert found.where == str(context.job.path)


def test_a_buy_that_a_gate_held_back_is_none(made: World) -> None:
    context = run(made, BUY)
    context.notes.gate(context.job.go[0].client_order_id, "the price moved")
    assert verdict(context, "gated") is None


def test_missed_sells_are_said_before_stopped_buying(made: World) -> None:
    context = run(made, SALE, BUY)
    context.notes.stop_buying, context.notes.aborted = "slippage of 2 % on BBB", True
    found = verdict(context, "completed")
    assert found is not None
    assert found.problem == "buying was stopped: slippage of 2 % on BBB"
    tried(context, "AAA", S.REJECTED)
    found = verdict(context, "completed")
    assert found is not None
    assert found.problem == "not sold as decided: AAA"


def test_buying_that_a_person_stopped_is_no_failure(made: World) -> None:
    context = run(made, BUY)
    context.notes.stop_buying = "kill switch is on (entries)"  # not aborted for its prices
    assert verdict(context, "gated") is None


@pytest.mark.parametrize(
    ("state", "filled", "nothing"),
    [
        (S.PLANNED, 0, False),  # never left: held back, which is said elsewhere
        (S.WORKING, 0, False),  # may still fill
        (S.REJECTED, 0, True),
        (S.EXPIRED, 0, True),
        (S.REFUSED, 0, True),
        (S.CANCELED, 1, False),
        (S.FILLED, 10, False),
    ],
)
def test_nothing_filled_needs_an_order_that_left_and_ended_empty(
    made: World, state: S, filled: int, *, nothing: bool
) -> None:
    context = run(made, BUY)
    tried(context, "BBB", state, filled)
    assert nothing_filled(context) is nothing
    found = verdict(context, "completed")
    assert (found is not None) == nothing


def test_one_share_of_one_order_is_something(made: World) -> None:
    context = run(made, BUY, order("CCC", "entry", 5, 20.0))
    tried(context, "BBB", S.REJECTED)
    assert nothing_filled(context)
    tried(context, "CCC", S.CANCELED, 1)
    assert not nothing_filled(context)


def test_an_outcome_that_failed_is_never_a_success(made: World) -> None:
    found = verdict(run(made, BUY), "failed")
    assert found is not None
    assert "no order was filled" in found.problem
