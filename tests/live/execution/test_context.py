"""What the phases of one run share: notes said once, the pace of orders, what blocks entries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.execution.context import ExecutionContext, PositionRules, RunNotes
from live.runtime.runtime import Runtime
from live.system.clock import SimulatedClock
from tests.support.exec_world import AT, World

MINUTE = 60.0


def context(shared: Any, *, feed: Any = None, deadline: float = 0.0) -> ExecutionContext:
    """Return the context of a run on no file."""
    nothing: Any = None
    return ExecutionContext(
        shared, nothing, feed, nothing, RunNotes(), nothing, PositionRules(), nothing, "all", deadline
    )


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=40), st.integers(min_value=1, max_value=5))
def test_no_minute_ever_sees_more_orders_than_the_limit(waits: list[float], limit: int) -> None:
    limits = SimpleNamespace(max_orders_per_minute=limit)
    settings = SimpleNamespace(execution=SimpleNamespace(limits=limits))
    run = context(SimpleNamespace(clock=SimulatedClock(AT), settings=settings))
    for wait in waits:
        run.clock.sleep(wait)
        run.pace(waits=True)
    posts = run.notes.posts
    assert len(posts) == len(waits)
    assert all(later - posts[n] >= MINUTE - 1e-5 for n, later in enumerate(posts[limit:]))


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
