"""How much worse than meant a fill was, seen from the side that paid it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.trading.slippage import slippage_pct

PRICES = st.decimals("0.01", "100000", places=2)


@pytest.mark.parametrize(
    ("side", "fill", "reference", "expected"),
    [
        ("buy", "101", "100", 1.0),
        ("buy", "99", "100", -1.0),
        ("sell", "99", "100", 1.0),
        ("sell", "101", "100", -1.0),
        ("buy", "100", "100", 0.0),
    ],
)
def test_worse_is_positive(side: str, fill: str, reference: str, expected: float) -> None:
    assert slippage_pct(side, Decimal(fill), Decimal(reference)) == pytest.approx(expected)


@pytest.mark.parametrize("reference", [None, Decimal(0)])
def test_without_a_price_nothing_can_be_said(reference: Decimal | None) -> None:
    assert slippage_pct("buy", Decimal(100), reference) is None


@given(PRICES, PRICES)
def test_what_one_side_loses_the_other_gains(fill: Decimal, reference: Decimal) -> None:
    paid, taken = slippage_pct("buy", fill, reference), slippage_pct("sell", fill, reference)
    assert paid is not None
    assert taken is not None
    assert paid == -taken
    assert (paid > 0) == (fill > reference)
