"""The section's values: what is off, and what reads the bars of an entry."""

from typing import Any

import pytest

from backtest.trading.risk.rules import PARTS, SIZES, Kelly, RiskRules, StopRules

KELLY = {"method": "kelly", "trades": 10, "wins": 6, "mean_win_pct": 12.0, "mean_loss_pct": 8.0}


def test_nothing_is_on_by_itself() -> None:
    assert RiskRules().off
    assert RiskRules.model_validate({"max_exposure_pct": 50, "cost_pct": 1}).off
    assert not RiskRules.model_validate({"heat": {}}).off


@pytest.mark.parametrize(
    ("section", "reads"),
    [
        ({"heat": {}}, False),
        ({"heat": {"correlated": True}}, True),
        ({"correlation": {}}, True),
        ({"stops": {"trailing_atr": 2}}, False),  # of holdings, whose bars are there
        ({"stops": {"initial_atr": 2}}, True),
        ({"sizing": {"method": "volatility", "target_pct": 5}}, True),
        ({"sizing": KELLY}, False),
    ],
)
def test_which_rules_need_the_bars_of_an_entry(section: dict[str, Any], reads: bool) -> None:
    assert RiskRules.model_validate(section).reads_bars is reads


def test_kelly_reads_percent_as_fractions() -> None:
    assert Kelly.model_validate(KELLY).record.mean_loss == pytest.approx(0.08)
    with pytest.raises(ValueError, match="wins cannot be more than trades"):
        Kelly.model_validate({**KELLY, "wins": 11})


def test_every_part_is_named_for_messages() -> None:
    assert {*PARTS, "sizing", "max_exposure_pct", "cost_pct"} == RiskRules.model_fields.keys()
    for name, size in SIZES.items():
        assert size.model_fields["method"].annotation is not None
        assert name in str(size.model_fields["method"].annotation)
    assert not StopRules().moves
