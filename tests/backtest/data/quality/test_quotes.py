"""Quotes against the other prices that are known of the running session."""

from datetime import date
from decimal import Decimal

import pytest

from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.quotes import judge_quote

DAY = date(2024, 6, 5)


def test_a_quote_is_held_against_todays_candle_and_the_second_source() -> None:
    assert judge_quote("TLT", DAY, 170.5, candle=170.0, second_source=170.1) == ()
    (found,) = judge_quote("QQQ", DAY, 590.0, candle=170.0, second_source=590.0)
    assert (found.severity, found.kind, found.price) == ("error", "quote", 590.0)
    assert "590" in found.problem
    assert "170" in found.problem
    assert "jutsu data confirm QQQ 2024-06-05 590.00" in found.remedy
    assert len(judge_quote("QQQ", DAY, 590.0, candle=170.0, second_source=171.0)) == 2
    confirmed = [ConfirmedPrice("QQQ", DAY, Decimal(590))]
    assert judge_quote("QQQ", DAY, 590.0, candle=170.0, confirmed=confirmed) == ()


def test_a_fund_that_moves_three_times_as_fast_may_differ_three_times_as_much() -> None:
    assert judge_quote("TQQQ", DAY, 102.5, candle=100.0, multiple=3.0) == ()
    assert judge_quote("TQQQ", DAY, 103.5, candle=100.0, multiple=3.0) != ()
    assert judge_quote("TQQQ", DAY, 102.5, candle=100.0) != ()


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf"), 1e300])
def test_no_price_and_no_candle_price_are_errors(price: float) -> None:
    assert [f.severity for f in judge_quote("QQQ", DAY, price)] == ["error"]
    assert [f.severity for f in judge_quote("QQQ", DAY, 100.0, candle=price)] == ["error"]
