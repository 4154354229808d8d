"""Codes as words: every code that a rule can give has some, an unknown one stays what it is."""

from __future__ import annotations

from typing import Any

import pytest

from backtest.strategies.terms import Boundary
from live.views.words import boundary_line, diagnostic_lines, is_date, skipped_because, sold_because


@pytest.mark.parametrize(
    ("reason", "details", "words"),
    [
        ("held_elsewhere", {"by": "outside"}, "the account holds it outside the books"),
        ("held_elsewhere", {"by": "golden"}, "it belongs to golden"),
        (
            "insufficient_cash",
            {"cost": 12345.6, "available": 100.0},
            "it costs 12,345.60, and 100.00 may be spent",
        ),
        ("insufficient_cash", {}, "it costs 0.00, and 0.00 may be spent"),
        ("filter_low_price_10_30", {}, "its price lies from 10 to below 30 (quality filter)"),
        (
            "filter_high_gap_score_10_85",
            {},
            "it gapped 10 % or more with a score of 85 or more (quality filter)",
        ),
        ("capacity_full", {}, "the book is full"),
        (
            "rotation_incomplete",
            {"for": "AAA"},
            "it stays: AAA, for which it would make room, is not bought",
        ),
        ("a_code_of_tomorrow", {}, "a_code_of_tomorrow"),
        ("", {}, ""),
    ],
)
def test_why_it_was_not_taken(reason: str, details: dict[str, Any], words: str) -> None:
    assert skipped_because(reason, details) == words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("trend_break", "its weekly close fell below its trend line"),
        ("no longer a target", "no longer a target"),
        ("", ""),
    ],
)
def test_why_it_was_sold(reason: str, words: str) -> None:
    assert sold_because(reason) == words


def test_dates_and_weights_of_nothing_are_left_out() -> None:
    figures = {"date": "2024-01-05", "cell": 3, "w_QQQ": 0.8, "w_PSQ": 0.0, "deviation": 0.0}
    assert diagnostic_lines(figures, "QQQ") == [("decision", "cell 3, w QQQ 0.8, deviation 0")]


@pytest.mark.parametrize(
    ("text", "is_one"), [("2024-01-05", True), ("20240105", False), ("2024-13-05", False), ("Low", False)]
)
def test_what_is_a_date(text: str, *, is_one: bool) -> None:
    assert is_date(text) is is_one


def test_a_limit_in_words() -> None:
    assert boundary_line(Boundary("cell changes", "z", "above", 1.0, 0.93)) == (
        "cell changes if z > 1; now 0.93"
    )
    assert boundary_line(Boundary("bonds change", "fast", "below", 79.5, 80.0, inclusive=True)) == (
        "bonds change if fast <= 79.5; now 80"
    )
