"""A candidate: its order among others, and its way through JSON."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.candidate import GRADES, SOURCES, Candidate

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
candidates = st.builds(
    Candidate,
    ticker=st.text(min_size=1, max_size=6),
    report_date=st.dates(),
    grade=st.sampled_from(GRADES),
    score=numbers,
    price=numbers,
    gap_size=numbers,
    company_name=st.none() | st.text(max_size=8),
    grade_source=st.sampled_from(SOURCES),
    session=st.none() | st.dates(),
)


@given(candidates)
def test_what_was_written_comes_back(one: Candidate) -> None:
    row = json.loads(json.dumps(one.as_json()))
    assert Candidate.of(row) == one
    assert ("session" in row) is (one.session is not None)


@pytest.mark.parametrize("field", ["report_date", "session"])
def test_a_date_that_is_none_is_no_candidate(field: str) -> None:
    row = Candidate("AAA", date(2026, 3, 2), "A").as_json() | {field: "2026-02-30"}
    with pytest.raises(ValueError):
        Candidate.of(row)


@given(st.floats(0, 100))
def test_a_missing_score_is_behind_every_score(score: float) -> None:
    day = date(2026, 3, 2)
    assert Candidate("AAA", day, "A").rank < Candidate("AAA", day, "A", score).rank == score
