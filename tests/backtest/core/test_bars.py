"""Daily bars: cut by date without a copy, never a session twice, and a digest of every number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.core.errors import DataError

MON = date(2024, 3, 18)


def bars(*days: int, provisional: bool = False) -> Bars:
    """Return bars on the days that many days after Monday; each closes at its number."""
    dates = np.array([MON + timedelta(days=n) for n in days], dtype="datetime64[D]")
    close = np.array(days, dtype=np.float64)
    return Bars("AAA", dates, close, close, close, close, close, source="test", provisional=provisional)


def closes(made: Bars) -> list[float]:
    found: list[float] = made.close.tolist()
    return found


@given(st.sets(st.integers(0, 30), max_size=12), st.integers(-2, 32))
def test_until_and_since_part_a_history(days: set[int], cut: int) -> None:
    made, day = bars(*sorted(days)), MON + timedelta(days=cut)
    assert closes(made.until(day)) == [n for n in sorted(days) if n <= cut]
    assert closes(made.since(day)) == [n for n in sorted(days) if n >= cut]
    row = made.row(day)
    assert (row is not None) == (cut in days)
    assert row is None or made.close[row] == cut


def test_what_is_whole_is_not_copied() -> None:
    made = bars(0, 1, 2)
    assert made.until(MON + timedelta(days=9)) is made
    assert made.since(MON) is made
    assert np.shares_memory(made.until(MON).close, made.close)


def test_a_cut_history_is_no_longer_provisional() -> None:
    made = bars(0, 1, 2, provisional=True)
    assert not made.until(MON + timedelta(days=1)).provisional
    assert made.until(MON + timedelta(days=2)).provisional
    assert made.since(MON + timedelta(days=1)).provisional


def test_first_and_last_of_nothing_is_one_clear_error() -> None:
    assert (bars(0, 2).first, bars(0, 2).last) == (MON, MON + timedelta(days=2))
    with pytest.raises(DataError, match="no bars") as caught:
        _ = bars().last
    assert caught.value.where == "AAA"


@pytest.mark.parametrize(("day", "expected"), [(3, [0, 1, 2, 9]), (2, [0, 1, 9]), (1, [0, 9])])
def test_the_bar_of_a_session_replaces_and_never_counts_twice(day: int, expected: list[float]) -> None:
    made = bars(0, 1, 2).with_bar(MON + timedelta(days=day), open_=9, high=9, low=9, close=9, volume=9)
    assert closes(made) == expected
    assert made.last == MON + timedelta(days=day)
    assert made.provisional


def test_the_first_bar_of_an_empty_history() -> None:
    assert closes(bars().with_bar(MON, open_=1, high=1, low=1, close=1, volume=1)) == [1]


def test_rows_are_taken_as_a_copy() -> None:
    made = bars(0, 1, 2)
    taken = made.take(np.array([2, 0], dtype=np.int64))
    assert closes(taken) == [2, 0]
    assert not np.shares_memory(taken.close, made.close)


@pytest.mark.parametrize("field", ["open", "high", "low", "close", "volume", "dates"])
def test_any_other_number_is_another_digest(field: str) -> None:
    made = bars(0, 1, 2)
    column = getattr(made, field).copy()
    column[1] += np.timedelta64(1, "D") if field == "dates" else 1e-9
    assert replace(made, **{field: column}).sha256() != made.sha256()
    assert replace(made, source="elsewhere").sha256() == made.sha256() == bars(0, 1, 2).sha256()
