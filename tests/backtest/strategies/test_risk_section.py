"""The `risk:` section: one clear line for every wrong value, and rules that fit the strategy."""

from typing import Any

import pytest

from backtest.core.errors import ParameterError
from backtest.strategies.registry import build_strategy
from backtest.strategies.risk_section import read_risk

EARNINGS = build_strategy("earnings_swing", "mine", {})
WEIGHTS = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {})


def findings(section: Any, strategy: Any = EARNINGS) -> list[str]:
    with pytest.raises(ParameterError) as caught:
        read_risk(section, strategy, where="file")
    return [str(finding) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ({"sizing": {"risk_pct": 1}}, "risk.sizing: needs a method"),
        ({"sizing": {"method": "martingale"}}, "risk.sizing: needs a method"),
        ({"sizing": {"method": "fixed_fractional"}}, "risk.sizing.risk_pct: is missing"),
        (
            {"sizing": {"method": "fixed_fractional", "risk_pct": 0}},
            "risk.sizing.risk_pct: should be greater",
        ),
        ({"sizing": {"method": "fixed_fractional", "risk": 1}}, "risk.sizing.risk: unknown rule"),
        ({"heat": {"max_pct": True}}, "risk.heat.max_pct: true and false mean nothing here, got True"),
        ({"heat": {"max_pct": float("nan")}}, "risk.heat.max_pct: should be a finite number"),
        ({"heat": {"max": 5}}, "risk.heat.max: unknown rule (did you mean max_pct?)"),
        ({"heta": {}}, "risk.heta: unknown rule (did you mean heat?)"),
        ({"correlation": {"max": 1.5}}, "risk.correlation.max: should be less than or equal to 1"),
        ({"correlation": {"min_shared": 90}}, "risk.correlation: min_shared cannot be more than window"),
        ({"stops": {"trailing_pct": 100}}, "risk.stops.trailing_pct: should be less than 100"),
        ({"stops": {"initial_atr": "wide"}}, "risk.stops.initial_atr: should be a valid number"),
        ({"volatility_target": {"target_pct": 10}}, "risk.volatility_target: is for weights"),
    ],
)
def test_every_wrong_value_is_one_line_with_its_place(section: dict[str, Any], line: str) -> None:
    found = [text for text in findings(section) if text.startswith(line)]
    assert len(found) == 1, findings(section)
    assert "\n" not in found[0]
    assert "pydantic" not in found[0]


def test_all_faults_are_told_at_once() -> None:
    wrong = {"heat": {"max_pct": -1}, "stops": {"break_even_r": 0}, "cost_pct": 99}
    assert len(findings(wrong)) == 3


def test_rules_for_positions_do_not_fit_weights() -> None:
    assert findings({"heat": {}, "stops": {"trailing_pct": 5}}, WEIGHTS) == [
        "risk.heat: is for single positions, Hierarchical_Adaptive_v3_5b holds target weights (take it out)",
        "risk.stops: is for single positions, Hierarchical_Adaptive_v3_5b holds target weights (take it out)",
    ]


@pytest.mark.parametrize("section", ["off", 5, ["heat"]])
def test_a_section_is_a_mapping(section: Any) -> None:
    with pytest.raises(ParameterError, match="must be a mapping"):
        read_risk(section, EARNINGS)


@pytest.mark.parametrize("section", [None, {}])
def test_nothing_asks_for_nothing(section: Any) -> None:
    assert read_risk(section, EARNINGS).off
