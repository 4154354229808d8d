"""Which part of an answer leaves no hole in the store."""

from __future__ import annotations

from datetime import date

import pytest

from backtest.core.bars import Bars
from live.feeds.sync.answers import Answer, joinable
from live.feeds.sync.plan import plan_days
from tests.support.source_world import history, without

FIRST, LAST = date(2024, 1, 2), date(2024, 3, 12)
MADE = history("QQQ", FIRST, LAST)


def answer(stored: Bars | None, came: Bars | None, gaps: tuple[date, ...] = ()) -> Answer:
    return Answer(plan_days("QQQ", stored, FIRST, LAST), "made", came, gaps)


def test_all_that_was_missing_came() -> None:
    part = joinable(answer(MADE.until(date(2024, 3, 1)), MADE.since(date(2024, 2, 26))))
    assert part.left == ()
    assert part.bars is not None
    assert part.bars.last == LAST


def test_a_hole_ends_what_is_taken() -> None:
    came = without(MADE.since(date(2024, 2, 26)), date(2024, 3, 7))
    part = joinable(answer(MADE.until(date(2024, 3, 1)), came))
    assert part.bars is not None
    assert part.bars.last == date(2024, 3, 6)
    assert [str(days) for days in part.left] == ["2024-03-07 to 2024-03-12"]
    assert [str(days) for days in part.lacks] == ["2024-03-07"]  # the source has the others


def test_a_hole_that_the_source_knows_is_none() -> None:
    hole = date(2024, 3, 7)
    part = joinable(
        answer(MADE.until(date(2024, 3, 1)), without(MADE.since(date(2024, 2, 26)), hole), (hole,))
    )
    assert part.bars is not None
    assert (part.bars.last, part.left) == (LAST, ())


def test_before_the_stored_bars_the_part_that_meets_them_is_taken() -> None:
    stored = MADE.since(date(2024, 2, 15))
    came = without(MADE.until(date(2024, 2, 21)), date(2024, 1, 30))
    part = joinable(answer(stored, came))
    assert part.bars is not None
    assert part.bars.first == date(2024, 1, 31)
    assert [str(days) for days in part.left] == ["2024-01-02 to 2024-01-30"]
    assert [str(days) for days in part.lacks] == ["2024-01-30"]


def test_before_its_oldest_bar_a_source_lacks_nothing() -> None:
    part = joinable(answer(MADE.since(date(2024, 2, 15)), MADE.since(date(2024, 1, 9))))
    assert part.bars is not None
    assert (part.bars.first, part.left, part.lacks) == (date(2024, 1, 9), (), ())


def test_a_late_vendor_leaves_the_newest_session_missing() -> None:
    part = joinable(
        answer(MADE.until(date(2024, 3, 8)), MADE.since(date(2024, 3, 1)).until(date(2024, 3, 11)))
    )
    assert [str(days) for days in part.left] == ["2024-03-12"]


@pytest.mark.parametrize("hole", [None, date(2024, 2, 7)])
def test_a_new_symbol_may_begin_late_but_has_no_hole(hole: date | None) -> None:
    came = MADE.since(date(2024, 2, 1))
    part = joinable(answer(None, came if hole is None else without(came, hole)))
    assert part.holes is (hole is not None)
    assert (part.bars is None) is (hole is not None)
    assert [str(days) for days in part.left] == ([] if hole is None else [str(hole)])


def test_nothing_came() -> None:
    part = joinable(answer(MADE.until(date(2024, 3, 8)), None))
    assert part.bars is None
    assert [str(days) for days in part.left] == ["2024-03-11 to 2024-03-12"]
    assert joinable(answer(None, None)).bars is None
