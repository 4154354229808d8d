"""What orders fill at, to the cent, against hand-computed figures and decimal arithmetic."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Side
from backtest.core.errors import DataError, JutsuError
from backtest.core.execution_rules import ExecutionRules
from backtest.trading.fills import (
    book_value,
    commission,
    fill_market,
    fill_stop,
    gross_value,
    market_price,
    stop_fill_price,
)

FREE = ExecutionRules()
COSTS = ExecutionRules(slippage_pct=0.1, commission_per_order=1.0, commission_per_share=0.01)


def test_without_costs_an_order_pays_the_mid() -> None:
    fill = fill_market("buy", 3, 10.25, FREE)
    assert (fill.price, fill.commission, fill.cash_flow) == (10.25, 0.0, -30.75)


def test_slippage_moves_against_the_order() -> None:
    assert market_price("buy", 50.0, COSTS) == 50.05
    assert market_price("sell", 50.0, COSTS) == 49.95


def test_price_has_six_decimals() -> None:
    # 0.193824 * 1.001 = 0.194017824; * 0.999 = 0.193630176
    assert market_price("buy", 0.193824, COSTS) == 0.194018
    assert market_price("sell", 0.193824, COSTS) == 0.193630


def test_costs_of_a_buy_and_a_sale() -> None:
    # 114 * 50.05 = 5705.70; commission 1 + 1.14
    buy = fill_market("buy", 114, 50.0, COSTS)
    assert (buy.price, buy.commission, buy.cash_flow) == (50.05, 2.14, -5707.84)
    # 189 * 17.982 = 3398.598 -> 3398.60; commission 1 + 1.89
    sale = fill_market("sell", 189, 18.0, COSTS)
    assert (sale.price, sale.commission, sale.cash_flow) == (17.982, 2.89, 3395.71)


def test_half_a_cent_goes_to_the_even_cent() -> None:
    assert gross_value(77, 54.945) == 4230.76  # exactly 4230.765
    assert gross_value(3, 0.335) == 1.00  # exactly 1.005
    assert gross_value(5, 0.303) == 1.52  # exactly 1.515: up, because 151 is odd


def test_ties_of_commission_and_slippage_go_to_the_even_digit() -> None:
    # 1.005 and 1.015 exactly: the nearest floats lie below and above
    half = ExecutionRules(commission_per_share=0.005)
    assert commission(201, half) == 1.00
    assert commission(203, half) == 1.02
    # 10.00001 * 1.0005 = 10.005010005 and 2.005 * 1.0005 = 2.0060025: a tie at the sixth decimal
    assert market_price("buy", 2.005, ExecutionRules(slippage_pct=0.05)) == 2.006002
    assert market_price("sell", 2.005, ExecutionRules(slippage_pct=0.05)) == 2.003998


@given(
    mid=st.decimals("0.01", "9999", places=6),
    slippage=st.decimals("0", "10", places=3),
    quantity=st.integers(1, 1_000_000),
    per_order=st.decimals("0", "10", places=3),
    per_share=st.decimals("0", "1", places=4),
)
def test_prices_and_commissions_agree_with_decimal_arithmetic(
    mid: Decimal, slippage: Decimal, quantity: int, per_order: Decimal, per_share: Decimal
) -> None:
    rules = ExecutionRules(
        slippage_pct=float(slippage),
        commission_per_order=float(per_order),
        commission_per_share=float(per_share),
    )
    step, cent = Decimal("0.000001"), Decimal("0.01")
    sides: tuple[tuple[Side, int], ...] = (("buy", 1), ("sell", -1))
    for side, sign in sides:
        exact = (mid * (100 + sign * slippage) / 100).quantize(step, ROUND_HALF_EVEN)
        assert market_price(side, float(mid), rules) == float(exact)
    assert commission(quantity, rules) == float(
        (per_order + quantity * per_share).quantize(cent, ROUND_HALF_EVEN)
    )


@given(
    quantity=st.integers(1, 1000),
    mid=st.floats(0.0001, 5.0),
    per_order=st.floats(0, 50),
    per_share=st.floats(0, 10),
)
def test_a_sale_never_costs_more_than_it_brings(
    quantity: int, mid: float, per_order: float, per_share: float
) -> None:
    rules = ExecutionRules(commission_per_order=per_order, commission_per_share=per_share)
    sale = fill_market("sell", quantity, mid, rules)
    assert sale.cash_flow >= 0
    assert sale.commission == min(commission(quantity, rules), gross_value(quantity, sale.price))


def test_commission_of_nothing_is_nothing() -> None:
    assert commission(0, COSTS) == 0.0


@given(
    quantity=st.integers(1, 5_000_000),
    price=st.decimals("0.000001", "9999", places=6),
    cash=st.decimals("0", "1000000", places=2),
)
def test_cents_agree_with_decimal_arithmetic(quantity: int, price: Decimal, cash: Decimal) -> None:
    exact = quantity * price
    assert gross_value(quantity, float(price)) == float(exact.quantize(Decimal("0.01")))
    total = float((cash + exact).quantize(Decimal("0.01")))
    assert book_value(float(cash), [(quantity, float(price))]) == total


@pytest.mark.parametrize(
    ("stop", "open_", "low", "gap", "at_stop"),
    [
        (90.0, 95.0, 91.0, None, None),  # never reached
        (90.0, 95.0, 90.0, 90.0, 90.0),  # touched exactly
        (90.0, 95.0, 85.0, 90.0, 90.0),  # traded through during the session
        (90.0, 90.0, 85.0, 90.0, 90.0),  # opened at the stop
        (90.0, 80.0, 75.0, 80.0, 90.0),  # gapped through: nobody bought at 90
    ],
)
def test_stop(stop: float, open_: float, low: float, gap: float | None, at_stop: float | None) -> None:
    assert stop_fill_price(stop, open_, low, ExecutionRules(stop_fill="gap")) == gap
    assert stop_fill_price(stop, open_, low, ExecutionRules(stop_fill="stop")) == at_stop


def test_a_stop_pays_slippage_and_commission() -> None:
    # gap to 80: 80 * 0.999 = 79.92; 10 * 79.92 = 799.20; commission 1.10
    fill = fill_stop(10, 90.0, 80.0, 75.0, COSTS)
    assert fill is not None
    assert (fill.price, fill.cash_flow) == (79.92, 798.10)
    assert fill_stop(10, 90.0, 95.0, 91.0, COSTS) is None


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf"), 0.0000001])
def test_no_price_no_fill(price: float) -> None:
    with pytest.raises(DataError, match="not a price"):
        fill_market("buy", 1, price, FREE)


@pytest.mark.parametrize("bad", [float("nan"), 0.0])
def test_a_stop_needs_a_bar(bad: float) -> None:
    with pytest.raises(DataError, match="not a price"):
        stop_fill_price(90.0, bad, 80.0, FREE)
    with pytest.raises(DataError, match="not a price"):
        stop_fill_price(90.0, 95.0, bad, FREE)


@pytest.mark.parametrize("quantity", [0, -3])
def test_at_least_one_share(quantity: int) -> None:
    with pytest.raises(JutsuError, match="cannot fill"):
        fill_market("sell", quantity, 10.0, FREE)


@given(
    quantity=st.integers(1, 100_000),
    mid=st.floats(0.01, 5000.0),
    slippage=st.floats(0, 5),
    per_share=st.floats(0, 1),
)
def test_a_round_trip_never_gains(quantity: int, mid: float, slippage: float, per_share: float) -> None:
    rules = ExecutionRules(slippage_pct=slippage, commission_per_share=per_share)
    there = fill_market("buy", quantity, mid, rules)
    back = fill_market("sell", quantity, mid, rules)
    assert there.cash_flow + back.cash_flow <= 0
    assert there.price >= back.price
