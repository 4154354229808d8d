"""The calendar minus what is stored, and the days that are asked to fill it."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from live.feeds.sync.plan import OVERLAP, Days, plan_days, stretches
from tests.support.source_world import history, without

FIRST, LAST = date(2024, 1, 2), date(2024, 3, 28)
SESSIONS = calendar.session_dates(FIRST, LAST)


def test_a_new_symbol_is_asked_whole() -> None:
    plan = plan_days("QQQ", None, FIRST, LAST)
    assert plan.asked == (Days(FIRST, LAST),)
    assert len(plan.missing) == len(SESSIONS)


def test_a_complete_one_is_not_asked() -> None:
    plan = plan_days("QQQ", history("QQQ", FIRST, LAST), FIRST, LAST)
    assert plan.asked == ()
    assert not len(plan.missing)


def test_the_newest_session_is_asked_with_five_stored_ones() -> None:
    stored = history("QQQ", FIRST, date(2024, 3, 27))
    plan = plan_days("QQQ", stored, FIRST, LAST)
    assert plan.asked == (Days(stored.dates[-OVERLAP].item(), LAST),)


def test_an_unfinished_bar_is_missing() -> None:
    stored = history("QQQ", FIRST, LAST).with_bar(LAST, open_=1, high=2, low=1, close=1, volume=1)
    assert plan_days("QQQ", stored, FIRST, LAST).missing.tolist() == [LAST]


def test_a_known_gap_is_not_asked_again() -> None:
    hole = SESSIONS[20].item()
    stored = without(history("QQQ", FIRST, LAST), hole)
    assert plan_days("QQQ", stored, FIRST, LAST, known_gaps=[hole]).asked == ()
    assert plan_days("QQQ", stored, FIRST, LAST).asked == (
        Days(SESSIONS[20 - OVERLAP].item(), SESSIONS[20 + OVERLAP].item()),
    )


def test_an_earlier_start_is_asked_once() -> None:
    stored = history("QQQ", date(2024, 2, 1), LAST)
    plan = plan_days("QQQ", stored, FIRST, LAST)
    assert plan.asked[0].first == FIRST
    assert plan_days("QQQ", stored, FIRST, LAST, nothing_before=FIRST).asked == ()
    earlier = plan_days("QQQ", stored, date(2023, 12, 1), LAST, nothing_before=FIRST)
    assert earlier.asked[0].first == date(2023, 12, 1)


def test_no_start_or_end_makes_a_hole() -> None:
    stored = history("QQQ", date(2024, 2, 1), date(2024, 2, 29))
    late = plan_days("QQQ", stored, date(2024, 3, 20), LAST)
    assert late.missing[0].item() == date(2024, 3, 1)
    early = plan_days("QQQ", stored, FIRST, date(2024, 1, 10))
    assert early.missing.tolist() == SESSIONS[np.datetime64("2024-02-01") > SESSIONS].tolist()


@given(st.lists(st.integers(0, len(SESSIONS) - 1), max_size=40))
@settings(max_examples=60, deadline=None)
def test_what_is_asked_covers_all_that_is_missing_and_stored_sessions_beside_it(rows: list[int]) -> None:
    gone = sorted(set(rows))
    if len(gone) == len(SESSIONS):
        return
    stored = without(history("QQQ", FIRST, LAST), *(SESSIONS[row].item() for row in gone))
    plan = plan_days("QQQ", stored, FIRST, LAST)
    missing = set(SESSIONS[gone].tolist())
    assert set(plan.missing.tolist()) == missing
    asked = [set(calendar.session_dates(days.first, days.last).tolist()) for days in plan.asked]
    assert missing <= set().union(*asked)
    assert sum(map(len, asked)) == len(set().union(*asked))  # no session is asked twice
    assert all(days & missing for days in asked)
    assert all(days & set(stored.dates.tolist()) for days in asked)


def test_stretches_are_said_as_people_do() -> None:
    days = np.array(["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-13"], dtype="datetime64[D]")
    assert [str(one) for one in stretches(days)] == ["2024-03-07 to 2024-03-11", "2024-03-13"]
    assert stretches(days[:0]) == ()
