"""Corporate actions: values that cannot be are refused, and scaling keeps what a holding is worth."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError, UsageError
from backtest.data.quality.actions import (
    CorporateAction,
    Holding,
    parse_ratio,
    ratio_text,
    scale_bars,
    scale_book,
    scale_holding,
    split_adjusted,
)
from backtest.data.quality.splits import RATIOS
from tests.support.price_gate_world import index_and_funds

DAY = date(2020, 6, 1)


def split(ratio: Fraction | int, symbol: str = "QQQ", day: date = DAY) -> CorporateAction:
    return CorporateAction(symbol, day, "split", Fraction(ratio), source="person")


@pytest.mark.parametrize(
    ("text", "ratio"),
    [("2:1", 2), ("1:10", Fraction(1, 10)), ("4:3", Fraction(4, 3)), (" 3 : 2 ", 1.5), ("9", 9)],
)
def test_ratios_are_read(text: str, ratio: float | Fraction) -> None:
    assert parse_ratio(text) == Fraction(ratio)
    assert parse_ratio(ratio_text(parse_ratio(text))) == parse_ratio(text)


@pytest.mark.parametrize("text", ["", ":", "2:0", "0:1", "1:1", "-2:1", "two", "2:1:1", "nan", "inf"])
def test_what_is_no_ratio_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a ratio") as caught:
        parse_ratio(text)
    assert "2:1" in caught.value.remedy


@pytest.mark.parametrize(
    "make",
    [
        lambda: CorporateAction("QQQ", DAY, "split"),
        lambda: CorporateAction("QQQ", DAY, "split", Fraction(-2)),
        lambda: CorporateAction("QQQ", DAY, "dividend"),
        lambda: CorporateAction("QQQ", DAY, "dividend", amount=Decimal("NaN")),
    ],
)
def test_an_action_that_cannot_be_is_refused(make: Callable[[], CorporateAction]) -> None:
    with pytest.raises(DataError, match="cannot be"):
        make()


@given(st.sampled_from(RATIOS), st.integers(1, 100_000), st.decimals("0.01", "10000", places=2))
def test_a_split_keeps_the_value_and_can_be_taken_back(
    ratio: Fraction, quantity: int, price: Decimal
) -> None:
    held = Holding("QQQ", Decimal(quantity), price, price * Decimal("0.9"))
    after = scale_holding(held, split(ratio))
    assert abs(after.quantity * after.entry_price - held.quantity * held.entry_price) < Decimal("1e-12")
    assert after.stop_price is not None
    assert abs(after.stop_price / after.entry_price - Decimal("0.9")) < Decimal("1e-20")
    assert after.whole_shares <= after.quantity < after.whole_shares + 1
    assert after.whole_shares + after.fraction == after.quantity
    back = scale_holding(after, split(1 / ratio))
    assert abs(back.quantity - held.quantity) < Decimal("1e-18")


def test_a_reverse_split_leaves_a_decimal_fraction_and_ten_for_one_moves_the_stop() -> None:
    held = Holding("TMF", Decimal(350), Decimal("5.20"), Decimal("4.94"))
    after = scale_holding(held, split(Fraction(1, 40), "TMF"))
    assert (after.quantity, after.whole_shares, after.fraction) == (Decimal("8.75"), 8, Decimal("0.75"))
    assert (after.entry_price, after.stop_price) == (Decimal(208), Decimal("197.6"))
    ten = scale_holding(Holding("QQQ", Decimal(7), Decimal(500), Decimal(475)), split(10))
    assert (ten.quantity, ten.stop_price) == (Decimal(70), Decimal("47.5"))
    assert scale_holding(Holding("QQQ", Decimal(7), Decimal(500)), split(10)).stop_price is None


def test_a_book_follows_its_own_splits_only_and_dividends_change_nothing() -> None:
    book = [Holding("QQQ", Decimal(10), Decimal(100)), Holding("TQQQ", Decimal(10), Decimal(30))]
    actions = [
        split(3, "TQQQ", date(2021, 1, 4)),
        split(2, "TQQQ"),
        CorporateAction("QQQ", DAY, "dividend", amount=Decimal("0.5")),
    ]
    qqq, tqqq = scale_book(book, actions)
    assert qqq == book[0]
    assert (tqqq.quantity, tqqq.entry_price) == (Decimal(60), Decimal(5))


@given(st.sampled_from(RATIOS))
def test_scaling_bars_touches_only_the_rows_before_and_keeps_traded_value(ratio: Fraction) -> None:
    bars = index_and_funds(200)["QQQ"]
    day = bars.dates[120].item()
    after = scale_bars(bars, split(ratio, day=day))
    assert np.array_equal(after.close[120:], bars.close[120:])
    assert np.array_equal(after.volume[120:], bars.volume[120:])
    np.testing.assert_allclose(
        after.close * float(ratio), bars.close * np.where(bars.dates < np.datetime64(day), 1, float(ratio))
    )
    np.testing.assert_allclose(after.close * after.volume, bars.close * bars.volume)


def test_raw_prices_are_brought_onto_the_newest_shares() -> None:
    bars = replace(index_and_funds()["QQQ"], basis="raw")
    first, second = bars.dates[10].item(), bars.dates[20].item()
    splits = [
        CorporateAction("QQQ", second, "split", Fraction(3, 2)),
        CorporateAction("QQQ", first, "split", Fraction(2)),
        CorporateAction("QQQ", first, "split", Fraction(2), source="told twice"),
        CorporateAction("QQQ", first, "dividend", amount=Decimal("0.5")),
        CorporateAction("SPY", first, "split", Fraction(5)),
    ]
    found = split_adjusted(bars, splits)
    assert found.basis == "split"
    for rows, ratio in ((slice(0, 10), 3.0), (slice(10, 20), 1.5), (slice(20, None), 1.0)):
        assert found.close[rows] == pytest.approx(bars.close[rows] / ratio, rel=1e-15)
        assert found.volume[rows] == pytest.approx(bars.volume[rows] * ratio, rel=1e-15)
    assert split_adjusted(bars, ()).sha256() == bars.sha256()
