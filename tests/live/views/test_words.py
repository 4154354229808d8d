"""Codes as words: every code that a rule can give has some, an unknown one stays what it is."""

from __future__ import annotations

from typing import Any

import pytest

from live.views.words import skipped_because, sold_because


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
