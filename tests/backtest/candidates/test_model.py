"""Candidates of every source: grades, order, the quality filter, lists for simulation."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.candidates.model import (
    TICKER,
    QualityFilter,
    inferred_grade,
    meets_grade,
    ranked,
    read_candidate_list,
)
from backtest.core.candidate import GRADES, Candidate, Grade
from backtest.core.errors import UsageError

DAY = date(2026, 3, 2)
scores = st.none() | st.floats(0, 100)


def candidate(
    score: float | None = None, price: float | None = None, gap: float | None = None, grade: Grade = "B"
) -> Candidate:
    return Candidate("AAA", DAY, grade, score, price, gap)


@pytest.mark.parametrize(
    ("score", "grade"),
    [(100, "A"), (85, "A"), (84.9, "B"), (70, "B"), (69.9, "C"), (55, "C"), (54.9, "D"), (0, "D"), (-1, "D")],
)
def test_a_score_has_its_grade(score: float, grade: Grade) -> None:
    assert inferred_grade(score) == grade


@given(st.sampled_from(GRADES), st.sampled_from(GRADES))
def test_a_grade_meets_itself_and_every_worse_one(own: Grade, minimum: Grade) -> None:
    assert meets_grade(candidate(grade=own), minimum) is (own <= minimum)


@given(st.lists(scores, max_size=12))
def test_the_best_score_comes_first_and_ties_keep_their_order(found: list[float | None]) -> None:
    rows = [Candidate(f"S{n}", DAY, "B", score) for n, score in enumerate(found)]
    order = ranked(rows)
    assert sorted(c.ticker for c in order) == sorted(c.ticker for c in rows)
    for one, two in pairwise(order):
        assert one.rank > two.rank or (one.rank == two.rank and rows.index(one) < rows.index(two))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (candidate(price=29.99), "filter_low_price_0_30"),
        (candidate(price=30.0), None),
        (candidate(price=None, score=90, gap=12), "filter_high_gap_score_10_85"),
        (candidate(price=50, score=85, gap=10), "filter_high_gap_score_10_85"),
        (candidate(price=50, score=84.9, gap=10), None),
        (candidate(price=50, score=85, gap=9.9), None),
        (candidate(price=50, score=None, gap=50), None),
        (candidate(), None),
    ],
)
def test_cheap_stocks_and_rewarded_gaps_are_dropped_and_what_is_unknown_is_not(
    row: Candidate, reason: str | None
) -> None:
    assert QualityFilter().reason(row) == reason


def test_the_low_end_of_the_price_band_is_part_of_it() -> None:
    band = QualityFilter(price_from=10, price_below=30)
    assert [band.reason(candidate(price=p)) is None for p in (9.99, 10, 29.99, 30)] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("text", "ticker"),
    [
        ("BRK-B", True),
        ("MOG.A", True),
        ("A", True),
        ("GOOGL", True),
        ("A-GRADE", False),
        ("aapl", False),
        ("", False),
    ],
)
def test_the_form_of_a_ticker(text: str, ticker: bool) -> None:
    assert bool(TICKER.fullmatch(text)) is ticker


def test_candidate_lists_name_every_defect(tmp_path: Path) -> None:
    from backtest.candidates.model import read_candidate_list

    file = tmp_path / "list.json"
    file.write_text(
        json.dumps(
            {
                "candidates": [
                    {"ticker": "AAA", "report_date": "2024-03-04", "grade": "A", "score": None},
                    {"ticker": "AAA", "report_date": "2024-03-04", "grade": "A", "score": 80},
                ]
            }
        )
    )
    assert [c.score for c in read_candidate_list(file)] == [None, 80.0]
    file.write_text(
        json.dumps({"candidates": [{"ticker": "", "report_date": "x", "grade": "E", "score": "9"}]})
    )
    with pytest.raises(UsageError) as caught:
        read_candidate_list(file)
    assert [finding.path for finding in caught.value.findings] == [
        "candidates[0].ticker",
        "candidates[0].grade",
        "candidates[0].report_date",
        "candidates[0].score",
    ]
    file.write_text("[]")
    with pytest.raises(UsageError):
        read_candidate_list(file)


@pytest.mark.parametrize("number", [10**400, float("nan"), True, "5"], ids=["huge", "nan", "flag", "text"])
def test_absurd_numbers_in_a_candidate_list_are_named(tmp_path: Path, number: bool | float | str) -> None:
    file = tmp_path / "list.json"
    row = {"ticker": "AAA", "report_date": "2026-03-02", "grade": "A", "price": number}
    file.write_text(json.dumps({"candidates": [row]}))
    with pytest.raises(UsageError) as caught:
        read_candidate_list(file)
    assert caught.value.findings[0].path == "candidates[0].price"


@given(st.lists(st.tuples(scores, scores, scores), max_size=6))
def test_a_list_keeps_its_order_and_every_entry(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float | None, ...]]
) -> None:
    wanted = [candidate(score, price, gap) for score, price, gap in rows]
    file = tmp_path_factory.mktemp("list") / "list.json"
    file.write_text(json.dumps({"candidates": [one.as_json() for one in wanted]}))
    assert list(read_candidate_list(file)) == wanted


@pytest.mark.parametrize("document", ["", "{", "[]", "{}", '{"candidates": {}}', "[" * 5000])
def test_what_is_no_list_is_one_clear_error(tmp_path: Path, document: str) -> None:
    file = tmp_path / "list.json"
    file.write_text(document)
    with pytest.raises(UsageError) as caught:
        read_candidate_list(file)
    assert caught.value.where == str(file)
    assert caught.value.remedy


@pytest.mark.parametrize("entry", [None, 5, "AAA", []])
def test_an_entry_that_is_no_object_is_named(tmp_path: Path, entry: Any) -> None:
    file = tmp_path / "list.json"
    file.write_text(json.dumps({"candidates": [entry]}))
    with pytest.raises(UsageError, match="is not an object"):
        read_candidate_list(file)


@pytest.mark.shared
def test_reference_filters(shared_data: Path) -> None:
    reference = json.loads((shared_data / "reference" / "earnings_filters_dev.json").read_text())
    found = read_candidate_list(shared_data / "earnings" / "candidates_dev.json")
    for grade in GRADES:
        passing = [index for index, row in enumerate(found) if meets_grade(row, grade)]
        assert passing == reference[f"min_grade_{grade}"]
    for name, low in (("backtest_10_30_gap10_score85", 10.0), ("live_0_30_gap10_score85", 0.0)):
        quality = QualityFilter(price_from=low)
        dropped = [
            [row.ticker, row.report_date.isoformat(), row.score, reason]
            for row in found
            if (reason := quality.reason(row)) is not None
        ]
        assert dropped == reference[name]
