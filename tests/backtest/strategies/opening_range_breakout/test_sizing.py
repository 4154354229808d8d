"""Contracts: the examples of the founding document and of the specification, both modes, caps."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.sizing import Sizing

MGC = INSTRUMENTS["MGC"]


@pytest.mark.parametrize(
    ("points", "friction", "contracts"), [(10, False, 5), (3, False, 16), (10, True, 4), (3, True, 13)]
)
def test_the_examples(points: float, friction: bool, contracts: int) -> None:
    sizing = Sizing(equity=25_000, risk_pct=2, include_friction=friction)
    assert sizing.budget == 500
    assert sizing.contracts(MGC, points) == contracts


def test_the_true_risk_of_a_prop_firm_is_of_its_drawdown() -> None:
    prop = Sizing(equity=100_000, risk_pct=10, max_drawdown=5_000)
    assert (prop.budget, prop.true_risk_pct(500)) == (500, 10)
    assert Sizing(equity=100_000, risk_pct=0.5).true_risk_pct(500) == 0.5


@given(
    st.floats(1_000, 1e6),
    st.floats(0.1, 5),
    st.floats(0.1, 500),
    st.booleans(),
    st.sampled_from(sorted(INSTRUMENTS)),
)
def test_no_more_is_risked_than_the_budget(
    equity: float, pct: float, points: float, friction: bool, symbol: str
) -> None:
    sizing = Sizing(equity=equity, risk_pct=pct, max_contracts=10_000, include_friction=friction)
    contracts = sizing.contracts(INSTRUMENTS[symbol], points)
    each = sizing.risk_of_one(INSTRUMENTS[symbol], points)
    assert contracts * each <= sizing.budget * (1 + 1e-9)
    assert (contracts + 1) * each > sizing.budget or contracts == 10_000


def test_caps() -> None:
    assert Sizing(max_contracts=3).contracts(MGC, 0.5) == 3
    assert Sizing(equity=1_000).contracts(MGC, 10) == 0
    assert Sizing(include_friction=False).contracts(MGC, 0.0) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"equity": 0},
        {"equity": math.inf},
        {"risk_pct": 0},
        {"risk_pct": 101},
        {"max_contracts": 0},
        {"max_drawdown": 0},
        {"max_drawdown": 60_000},
    ],
)
def test_numbers_that_no_account_has(changes: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=r"sizing\."):
        Sizing(**changes)  # type: ignore[arg-type]
