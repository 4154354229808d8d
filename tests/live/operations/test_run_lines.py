"""A line per session that was due: what became of it and the likely reason."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from live.ledger.tables import RunLog
from live.operations.expected_runs import NO_EXECUTOR, ExpectedBook, Heard
from live.operations.run_lines import CRITICAL_IN_A_ROW, NO_START, run_lines

BOOK = ExpectedBook("golden", "close")
ASKED = ExpectedBook("golden", "close", approval_required=True)
MON, TUE, WED = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)
EVENING = datetime(2026, 11, 18, 17, tzinfo=calendar.NEW_YORK)
NAMES = ("generated_at", "approved_at", "executed_at", "generator_exit", "executor_exit", "due_at")


def row(day: date, **changes: Any) -> RunLog:
    empty = dict.fromkeys(NAMES)
    known = {"session": day, "variant": "golden", "outcome": "", "detail": {}, "past": False}
    return RunLog.of({**known, **empty, **changes})


def instant(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=calendar.NEW_YORK)


def generated(day: date, **changes: Any) -> RunLog:
    return row(
        day, **{"generated_at": instant(day, 15), "generator_exit": 0, "detail": {"orders": 1}} | changes
    )


def executed(day: date, **changes: Any) -> RunLog:
    return generated(
        day, **{"executed_at": instant(day, 16), "executor_exit": 0, "outcome": "completed"} | changes
    )


def last(
    *rows: RunLog, book: ExpectedBook = BOOK, now: datetime = EVENING, heard: Any = ()
) -> tuple[str, str]:
    line = run_lines(book, rows, MON, now, heard)[-1]
    return line.became, line.reason


@pytest.mark.parametrize(
    ("newest", "book", "expected"),
    [
        ([executed(WED)], BOOK, ("executed", "")),
        ([], BOOK, ("missed", NO_START)),
        ([generated(WED)], BOOK, ("missed", NO_EXECUTOR)),
        ([generated(WED)], ASKED, ("missed", "not approved")),
        ([generated(WED, approved_at=instant(WED, 15))], ASKED, ("missed", NO_EXECUTOR)),
        (
            [row(WED, generator_exit=5, detail={"error": "stale bars"})],
            BOOK,
            ("stopped", "generator failed, exit 5: stale bars"),
        ),
        (
            [executed(WED, executor_exit=6, detail={"error": "no login"})],
            BOOK,
            ("stopped", "executor exit 6: no login"),
        ),
    ],
)
def test_the_likely_reason(newest: list[RunLog], book: ExpectedBook, expected: tuple[str, str]) -> None:
    assert last(executed(MON), executed(TUE), *newest, book=book) == expected


def test_what_a_stage_could_only_alert_is_the_reason() -> None:
    heard = [Heard(WED, "signal_generator", "the disk is full")]
    assert last(executed(MON), heard=heard) == ("missed", "the disk is full")


def test_a_window_that_is_still_to_come_is_not_missed() -> None:
    noon, waits = instant(WED, 12), instant(WED, 15)
    assert last(executed(TUE), now=noon) == ("due", "")
    assert last(executed(TUE), generated(WED), book=ASKED, now=waits) == ("waits", "not approved yet")


def test_a_new_or_past_book_has_no_lines() -> None:
    assert run_lines(BOOK, [], MON, EVENING) == ()
    assert run_lines(BOOK, [executed(MON, past=True)], MON, EVENING) == ()


def test_runs_about_the_past_count_where_they_are_asked_for() -> None:
    """A week of `--as-of`, then a live run: all that was run is there, what lies between is not."""
    demo = [executed(day, past=True) for day in (MON, WED)]
    assert [(o.session, o.became) for o in run_lines(BOOK, demo, MON, EVENING, past=True)] == [
        (MON, "executed"),
        (TUE, "missed"),
        (WED, "executed"),
    ]
    friday, monday = date(2026, 11, 27), date(2026, 11, 30)
    mixed = [*demo, executed(friday)]
    lines = run_lines(BOOK, mixed, MON, instant(monday, 17), past=True)
    assert [(o.session, o.became) for o in lines] == [
        (MON, "executed"),
        (TUE, "missed"),
        (WED, "executed"),
        (friday, "executed"),
        (monday, "missed"),
    ]
    assert [o.session for o in run_lines(BOOK, mixed, MON, instant(monday, 17))] == [friday, monday]
    assert run_lines(BOOK, demo, date(2026, 11, 19), EVENING, past=True) == ()


@given(st.lists(st.booleans(), min_size=1, max_size=10))
def test_three_lost_in_a_row_are_critical(ran: list[bool]) -> None:
    days = [s.day for s in calendar.sessions(date(2026, 10, 1), date(2026, 12, 1))][: len(ran) + 1]
    rows = [executed(day) for day, done in zip(days[1:], ran, strict=True) if done]
    lines = run_lines(BOOK, [executed(days[0]), *rows], days[0], instant(days[-1], 17))
    lost = 0
    for line, done in zip(lines[1:], ran, strict=True):
        lost = 0 if done else lost + 1
        assert (line.in_a_row, line.critical) == (lost, lost >= CRITICAL_IN_A_ROW)
