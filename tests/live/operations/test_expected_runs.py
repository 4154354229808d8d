"""The run log against the calendar: what was missed is named, what was done or is not due is not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from live.ledger.tables import RunLog
from live.operations.expected_runs import ExpectedBook, Heard, missed_steps

BOOK = ExpectedBook("golden", "close")
ASKED = ExpectedBook("golden", "close", approval_required=True)
#: the Friday before Thanksgiving week, the Monday after it, and the early close after Thanksgiving
FRIDAY, MONDAY, EARLY = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 27)


def instant(day: Any, hour: Any, minute: Any = 0) -> Any:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=calendar.NEW_YORK)


def row(day: Any, **changes: Any) -> Any:
    empty = dict.fromkeys(
        ("generated_at", "approved_at", "executed_at", "generator_exit", "executor_exit", "due_at")
    )
    return RunLog.of(
        {"session": day, "variant": "golden", "outcome": "", "detail": {}, "past": False, **empty, **changes}
    )


def generated(day: Any, orders: Any = 2, **changes: Any) -> Any:
    return row(
        day, generated_at=instant(day, 12), generator_exit=0, detail={"orders": orders, "held": []}, **changes
    )


def executed(day: Any, held: Any = (), **changes: Any) -> Any:
    found = {"generated_at": instant(day, 12), "executed_at": instant(day, 12, 5), "executor_exit": 0}
    return row(day, outcome="completed", **{**found, "detail": {"held": list(held)}, **changes})


def steps(rows: Any, now: Any, book: Any = BOOK, heard: Any = ()) -> Any:
    return [(found.step, found.sessions, found.critical) for found in missed_steps(book, rows, now, heard)]


def test_a_new_project_expects_nothing() -> None:
    assert steps([], instant(MONDAY, 20)) == []


def test_a_trial_on_past_sessions_expects_nothing() -> None:
    assert steps([executed(date(2024, 1, 2), past=True)], instant(MONDAY, 20)) == []


def test_sessions_in_which_nothing_ran_are_one_finding_over_weekend_and_holiday() -> None:
    (found,) = missed_steps(BOOK, [executed(FRIDAY)], instant(EARLY, 14))
    assert found.sessions == (MONDAY, date(2026, 11, 24), date(2026, 11, 25), EARLY)
    assert found.critical
    assert "no program of ours started" in found.text


@pytest.mark.parametrize(("hour", "minute", "missed"), [(15, 54, False), (15, 55, True)])
def test_the_generator_is_missed_when_its_window_opens(hour: Any, minute: Any, missed: Any) -> None:
    found = steps([executed(FRIDAY)], instant(MONDAY, hour, minute))
    assert found == ([("generated", (MONDAY,), True)] if missed else [])


def test_a_program_that_runs_in_the_window_knows_that_the_machine_is_awake() -> None:
    (inside,) = missed_steps(BOOK, [executed(FRIDAY)], instant(MONDAY, 15, 56))
    assert "this machine is awake, and the generator did not start" in inside.text
    (after,) = missed_steps(BOOK, [executed(FRIDAY)], instant(MONDAY, 16, 15))
    assert "no program of ours started in its window" in after.text
    (file,) = missed_steps(BOOK, [generated(MONDAY)], instant(MONDAY, 16, 1))
    assert "the generator ran, the executor did not start" in file.text


def test_an_early_close_is_judged_by_its_own_window() -> None:
    rows = [executed(date(2026, 11, 25))]
    assert steps(rows, instant(EARLY, 12, 54)) == []
    assert steps(rows, instant(EARLY, 12, 56)) == [("generated", (EARLY,), True)]


def test_a_generator_that_stopped_is_named_with_its_exit_code_at_once() -> None:
    rows = [executed(FRIDAY), row(MONDAY, generator_exit=6, detail={"error": "login is dead"})]
    (found,) = missed_steps(BOOK, rows, instant(MONDAY, 15, 40))
    assert found.step == "generated"
    assert "exit code 6: login is dead" in found.text


def test_a_stage_that_could_not_be_opened_is_the_likely_cause() -> None:
    heard = [Heard(MONDAY, "signal_generator", "the ledger is damaged")]
    (found,) = missed_steps(BOOK, [executed(FRIDAY)], instant(MONDAY, 17), heard)
    assert found.text.endswith("the ledger is damaged")


def test_a_file_that_was_not_executed_is_missed_when_its_window_is_over() -> None:
    rows = [generated(MONDAY)]
    assert steps(rows, instant(MONDAY, 15, 57)) == []
    assert steps(rows, instant(MONDAY, 16, 1)) == [("executed", (MONDAY,), True)]


def test_a_file_that_waits_for_an_answer() -> None:
    assert steps([generated(MONDAY)], instant(MONDAY, 15, 57), ASKED) == [("approved", (MONDAY,), False)]
    assert steps([generated(MONDAY, orders=0)], instant(MONDAY, 15, 57), ASKED) == []
    approved = generated(MONDAY, approved_at=instant(MONDAY, 15, 50))
    assert steps([approved], instant(MONDAY, 15, 57), ASKED) == []
    (found,) = missed_steps(ASKED, [generated(MONDAY)], instant(MONDAY, 16, 1))
    assert "nobody answered" in found.text


def test_an_executor_that_stopped() -> None:
    rows = [executed(MONDAY, executor_exit=4, detail={"error": "ledger and broker differ"})]
    (found,) = missed_steps(BOOK, rows, instant(MONDAY, 20))
    assert "exit code 4: ledger and broker differ" in found.text


@pytest.mark.parametrize(
    ("held", "found"), [([0, 1, 1], [2]), ([1, 1, 0], []), ([0, 0, 1], []), ([1, 1, 1], [3])]
)
def test_orders_held_back_for_days(held: Any, found: Any) -> None:
    days = [FRIDAY, MONDAY, MONDAY + timedelta(days=1)]
    rows = [executed(day, held=["id"] * flag) for day, flag in zip(days, held, strict=True)]
    steps_ = [s for s in missed_steps(BOOK, rows, instant(days[-1], 20)) if s.step == "held"]
    assert [len(s.sessions) for s in steps_] == found


SESSIONS = [session.day for session in calendar.sessions(date(2026, 10, 1), date(2026, 12, 31))]


@given(st.sets(st.sampled_from(SESSIONS), min_size=1), st.integers(0, len(SESSIONS) - 1))
def test_every_session_after_the_newest_run_is_named_once_and_no_other(ran: Any, upto: Any) -> None:
    now = instant(SESSIONS[upto], 20)
    rows = [executed(day) for day in ran]
    newest = max(ran)
    expected = [day for day in SESSIONS if newest < day <= SESSIONS[upto]]
    assert [day for step in missed_steps(BOOK, rows, now) for day in step.sessions] == expected


def test_now_may_be_of_any_zone() -> None:
    at = instant(MONDAY, 17)
    assert steps([executed(FRIDAY)], at.astimezone(UTC)) == steps([executed(FRIDAY)], at)
