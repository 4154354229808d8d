"""What v3.5b tells the price gate about its funds."""

from typing import Any

import pytest

from backtest.strategies.earnings_swing.strategy import build as build_earnings
from backtest.strategies.hierarchical_adaptive.strategy import build


def relations(**parameters: Any) -> dict[tuple[str, str], float]:
    return {(r.symbol, r.index): r.multiple for r in build("x", parameters).price_relations}


def test_each_fund_that_can_be_held_multiplies_its_index() -> None:
    assert relations() == {("TQQQ", "QQQ"): 3.0, ("TMF", "TLT"): 3.0, ("TMV", "TLT"): -3.0}
    assert relations(use_inverse_hedge=True)[("PSQ", "QQQ")] == -1.0
    assert relations(allow_treasury=False) == {("TQQQ", "QQQ"): 3.0}


@pytest.mark.parametrize(
    "parameters", [{"leveraged_long_symbol": "UPRO"}, {"signal_symbol": "SPY", "core_long_symbol": "SPY"}]
)
def test_nothing_is_promised_for_a_symbol_put_in_the_place_of_another(parameters: dict[str, str]) -> None:
    assert ("TQQQ", "QQQ") not in relations(**parameters)
    assert ("UPRO", "QQQ") not in relations(**parameters)


def test_single_stocks_have_neither() -> None:
    assert build_earnings("ema_p10", {}).price_relations == ()
