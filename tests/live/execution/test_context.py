"""What the phases of one run share: notes said once, the pace of orders, what blocks entries."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.execution.context import ExecutionContext, PositionRules, RunNotes
from live.ledger.orders import OrderPlan
from live.model.order_state import JournalState
from live.runtime.runtime import Runtime
from tests.support.exec_world import AT, DAY, World

MINUTE = 60.0


def context(shared: Any, *, feed: Any = None, job: Any = None, deadline: float = 0.0) -> ExecutionContext:
    """Return the context of a run, on no file if none is given."""
    nothing: Any = None
    return ExecutionContext(
        shared, nothing, feed, job, RunNotes(), nothing, PositionRules(), nothing, "all", deadline
    )


def test_an_entry_waits_for_orders_of_other_books_and_earlier_runs(made: World) -> None:
    runtime = made.open()
    limit = runtime.settings.execution.limits.max_orders_per_minute
    run = context(runtime, job=SimpleNamespace(session=SimpleNamespace(day=DAY)))
    began = runtime.clock.now()
    for number in range(limit):
        run.pace()
        sent(runtime, f"20250305_AAA_entry_buy_r{number}", variant=f"book{number % 2}")
        runtime.clock.sleep(1.0)
    assert runtime.clock.now() - began == timedelta(seconds=limit)  # within the limit nobody waits

    run.pace()

    assert runtime.clock.now() - began == timedelta(seconds=MINUTE)


def sent(runtime: Runtime, name: str, *, variant: str) -> None:
    """Journal an order as sent now."""
    mode, now = runtime.settings.mode, runtime.clock.now()
    plan = OrderPlan(name, variant, DAY, mode, "AAA", "buy", "entry", 1)
    runtime.ledger.orders.plan(plan, at=now)
    runtime.ledger.orders.transition(name, JournalState.SENDING, at=now)


def test_entries_wait_for_the_run_and_for_the_kill_switch(made: World) -> None:
    runtime: Runtime = made.open()
    run = context(runtime)
    assert run.entries_blocked() == ""
    runtime.ledger.state.set_kill("entries", reason="a storm", by="me", at=AT)
    assert run.entries_blocked() == "kill switch is on (entries): a storm"
    run.notes.stop_buying = "a stop failed"
    assert run.entries_blocked() == "a stop failed"


def test_time_left_runs_down_to_the_deadline(made: World) -> None:
    runtime = made.open()
    run = context(runtime, deadline=runtime.clock.monotonic() + 30)
    runtime.clock.sleep(40)
    assert run.time_left() == pytest.approx(-10)


def test_a_note_is_kept_once_and_a_held_back_order_says_why() -> None:
    notes = RunNotes()
    for _ in range(2):
        notes.warn("late quote")
        notes.alarm("no stop")
    notes.gate("20250305_AAA_entry_buy", "no quote")
    assert notes.critical == ["no stop"]
    assert notes.gated == {"20250305_AAA_entry_buy": "no quote"}
    assert notes.warnings == ["late quote", "20250305_AAA_entry_buy: not sent: no quote"]


def test_symbols_without_a_price_have_no_quote(made: World) -> None:
    run = context(made.open().context, feed=made.feed)
    assert run.quotes(["BBB", "AAA", "ZZZ", "AAA"]) == {"AAA": 100.0, "BBB": 50.0}
    assert run.quote("ZZZ") is None


_TEXTS = st.frozensets(st.sampled_from(("no stop", "late quote", "not filled", "cash moved")))


@given(_TEXTS, _TEXTS, _TEXTS)
def test_the_notes_of_a_day_change_only_with_something_new(
    earlier: frozenset[str], critical: frozenset[str], warnings: frozenset[str]
) -> None:
    before = RunNotes(earlier=earlier)
    now = RunNotes(earlier=earlier, critical=list(critical), warnings=list(warnings))
    assert (now.of_day() == before.of_day()) == (now.news() == ([], []))
