"""Values of the positions simulator: what they compute from themselves, and what they refuse."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from backtest.core.candidate import Candidate
from backtest.simulator.positions.model import (
    COMPATIBLE,
    LIVE_ONLY,
    Held,
    PortfolioRules,
    PortfolioState,
    SkippedCandidate,
    Trade,
)

REPORT, ENTRY = date(2024, 3, 15), date(2024, 3, 18)
FOUND = Candidate("AAA", REPORT, "B", 81.5, 100.0)


def held(price: float = 33.333333, shares: int = 3, mark: float = 35.0) -> Held:
    return Held.opened(FOUND, ENTRY, price=price, shares=shares, stop=30.0, mark=mark)


def test_a_candidate_becomes_a_position() -> None:
    assert held() == Held("AAA", REPORT, "B", 81.5, ENTRY, 33.333333, 3, 30.0, 35.0, None)
    assert held().unrealized == pytest.approx(5.000001)
    assert PortfolioState((held(), held(mark=30.0)), realized=7.0).unrealized == pytest.approx(-4.999998)
    assert PortfolioState().unrealized == 0


def test_a_record_rounds_once_from_unrounded_values() -> None:
    """3 shares from 33.333333 to 36.666666: 9.999999, which is 10 % of the entry."""
    row = Trade(held(), date(2024, 4, 2), 36.666666, "trend_break").as_row()
    assert row == {
        "ticker": "AAA",
        "report_date": "2024-03-15",
        "grade": "B",
        "score": 81.5,
        "entry_date": "2024-03-18",
        "entry_price": 33.3333,
        "exit_date": "2024-04-02",
        "exit_price": 36.6667,
        "shares": 3,
        "invested": 100.0,
        "pnl": 10.0,
        "return_pct": 10.0,
        "holding_days": 15,
        "exit_reason": "trend_break",
    }


def test_a_skip_names_its_candidate() -> None:
    assert SkippedCandidate(FOUND, "daily_limit").as_row() == ("AAA", "2024-03-15", "B", 81.5, "daily_limit")


@pytest.mark.parametrize(
    ("rules", "live"),
    [
        ({}, False),
        ({"size_from": "reference"}, True),
        ({"selection": "live"}, True),
        ({"size_from": "reference", "selection": "one_by_one"}, False),
        (COMPATIBLE, False),
    ],
)
def test_live_rules_apply_to_sizes_of_the_report_unless_said_otherwise(
    rules: dict[str, Any], live: bool
) -> None:
    assert PortfolioRules.model_validate(dict(rules)).chooses_live is live


@pytest.mark.parametrize(
    "wrong",
    [
        {"fill_decimals": 11},
        {"fill_decimals": 1.5},
        {"max_entry_delay_sessions": -1},
        {"book": "both"},
        {"keep_pending_exits": "maybe"},
        {"entry_slippage_pct": True},
        {"unknown": 1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        PortfolioRules.model_validate(wrong)


@pytest.mark.parametrize("rules", [COMPATIBLE, LIVE_ONLY])
def test_the_named_sets_are_settings(rules: dict[str, Any]) -> None:
    made = PortfolioRules.model_validate(dict(rules))
    assert {name: getattr(made, name) for name in rules} == rules
