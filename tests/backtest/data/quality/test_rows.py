"""Faults of single rows, each with its sentence, and sessions that are missing."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.data.quality.rows import check, judge_gaps, judge_rows
from tests.support.bar_columns import bars_of_columns

SESSIONS = calendar.session_dates(date(2024, 3, 11), date(2024, 4, 5))  # Good Friday is March 29
WEEK = ("2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14", "2024-03-15")


def bars(*days: str) -> Bars:
    dates = np.array(days or WEEK, dtype="datetime64[D]")
    values = [np.full(len(dates), price) for price in (10.0, 12.0, 9.0, 11.0, 1000.0)]
    return bars_of_columns("AAA", dates, values)


def changed(field: str, value: float, row: int = 2) -> Bars:
    made = bars()
    column = getattr(made, field).copy()
    column[row] = value
    return replace(made, **{field: column})


def problems(made: Bars) -> list[str]:
    return [found.finding.problem for found in judge_rows(made)]


def test_a_good_week_has_no_finding() -> None:
    assert check(bars()) == ()
    assert check(bars_of_columns("AAA", np.array([], dtype="datetime64[D]"), [np.array([])] * 5)) == ()


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("open", 0.0, "open 0.0 is not positive"),
        ("high", math.inf, "high inf is not a number"),
        ("low", -1.0, "low -1.0 is not positive"),
        ("close", math.nan, "close nan is not a number"),
        ("volume", -5.0, "volume -5.0 is negative"),
        ("volume", math.nan, "volume nan is not a number"),
        ("high", 10.9, "high 10.9 is below open or close 11.0"),
        ("low", 10.1, "low 10.1 is above open or close 10.0"),
    ],
)
def test_a_fault_of_one_value(field: str, value: float, problem: str) -> None:
    (found,) = judge_rows(changed(field, value))
    assert (found.day, found.finding.problem) == (date(2024, 3, 13), problem)
    assert found.finding.path == "AAA 2024-03-13"


@pytest.mark.parametrize(("field", "value"), [("high", 10.995), ("low", 10.005), ("volume", 0.0)])
def test_what_two_tapes_differ_by_is_no_fault(field: str, value: float) -> None:
    """A close of 11 may be 0.0055 away: vendors take it from another tape."""
    assert problems(changed(field, value)) == []


@pytest.mark.parametrize(
    ("days", "problem"),
    [
        (("2024-03-11", "2024-03-11"), "2024-03-11 appears twice"),
        (("2024-03-12", "2024-03-11"), "2024-03-11 comes after 2024-03-12: not sorted"),
        (("2024-03-15", "2024-03-16"), "2024-03-16 is a week-end day"),
        (("2024-03-28", "2024-03-29"), "2024-03-29 is an exchange holiday"),
        (("1900-01-02",), "1900-01-02 is outside the exchange calendar"),
        (("2024-03-16",), "2024-03-16 is a week-end day"),
    ],
)
def test_a_date_that_cannot_be(days: tuple[str, ...], problem: str) -> None:
    assert problems(bars(*days)) == [problem]


def test_findings_come_in_the_order_of_the_rows_under_the_name_of_the_place() -> None:
    made = replace(changed("volume", -1.0, row=3), open=np.array([10.0, 0.0, 10.0, 10.0, 10.0]))
    assert [f.path for f in check(made, lambda row: f"AAA.csv:{row + 2}")] == ["AAA.csv:3", "AAA.csv:5"]


def test_runs_of_missing_sessions_are_one_finding_each() -> None:
    found = judge_gaps(bars("2024-03-11", "2024-03-14", "2024-03-18").dates, "AAA")
    assert [(f.day, f.finding.path, f.finding.problem) for f in found] == [
        (date(2024, 3, 12), "AAA", "2 sessions are missing: 2024-03-12 to 2024-03-13"),
        (date(2024, 3, 15), "AAA", "1 session is missing: 2024-03-15"),
    ]


def test_a_gap_that_is_known_is_no_finding() -> None:
    made = bars("2024-03-11", "2024-03-13", "2024-03-15")
    known = [date(2024, 3, 12)]
    assert [f.problem for f in check(made, known_gaps=known)] == ["1 session is missing: 2024-03-14"]


@given(st.sets(st.integers(0, len(SESSIONS) - 1), min_size=1))
def test_the_gaps_are_the_sessions_that_are_not_there(rows: set[int]) -> None:
    there = SESSIONS[sorted(rows)]
    missing = [n for n in range(min(rows), max(rows)) if n not in rows]
    starts = [n for n in missing if n - 1 not in missing]
    assert [f.day for f in judge_gaps(there, "AAA")] == [SESSIONS[n].item() for n in starts]
