"""Confirmed prices: read, written, compared to the cent; and quotes against other prices of the day."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.data.quality.confirmations import Confirmations, ConfirmedPrice, parse_confirmations
from backtest.data.quality.quotes import judge_quote

DAY = date(2024, 6, 5)


@given(
    st.lists(st.tuples(st.sampled_from(["QQQ", "BRK-B"]), st.dates(), st.decimals("0.01", "1e6", places=3)))
)
def test_lines_come_back(items):
    confirmed = tuple(ConfirmedPrice(*item) for item in items if item[2] >= Decimal("0.01"))
    text = "".join(item.line() + "\n" for item in confirmed)
    assert parse_confirmations(text, "file") == confirmed


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"symbol": "QQQ", "session": "2024-06-05"}',
        '{"symbol": "QQQ", "session": "yesterday", "price": "1"}',
        '{"symbol": "QQQ", "session": "2024-06-05", "price": "NaN"}',
        '{"symbol": "QQQ", "session": "2024-06-05", "price": "-1"}',
        '{"symbol": "QQQ", "session": "2024-06-05", "price": "abc"}',
    ],
)
def test_a_damaged_line_is_named_by_its_number(line):
    good = ConfirmedPrice("QQQ", DAY, Decimal(1)).line()
    with pytest.raises(DataError, match=r"c\.jsonl:3"):
        parse_confirmations(f"{good}\n\n{line}\n", "c.jsonl")


def test_only_the_same_cent_is_covered():
    known = Confirmations([ConfirmedPrice("qqq", DAY, Decimal("871.234"))])
    assert known.cover("QQQ", DAY, 871.2301)
    assert not known.cover("QQQ", DAY, 871.24)
    assert not known.cover("QQQ", DAY, None)
    assert not known.cover("QQQ", DAY, float("nan"))
    assert not known.cover("QQQ", DAY, 1e300)


def test_a_quote_is_held_against_todays_candle_and_the_second_source():
    assert judge_quote("TLT", DAY, 170.5, candle=170.0, second_source=170.1) == ()
    (found,) = judge_quote("QQQ", DAY, 590.0, candle=170.0, second_source=590.0)
    assert (found.severity, found.kind, found.price) == ("error", "quote", 590.0)
    assert "590" in found.problem
    assert "170" in found.problem
    assert "jutsu data confirm QQQ 2024-06-05 590.00" in found.remedy
    assert len(judge_quote("QQQ", DAY, 590.0, candle=170.0, second_source=171.0)) == 2
    confirmed = [ConfirmedPrice("QQQ", DAY, Decimal(590))]
    assert judge_quote("QQQ", DAY, 590.0, candle=170.0, confirmed=confirmed) == ()


def test_a_fund_that_moves_three_times_as_fast_may_differ_three_times_as_much():
    assert judge_quote("TQQQ", DAY, 102.5, candle=100.0, multiple=3.0) == ()
    assert judge_quote("TQQQ", DAY, 103.5, candle=100.0, multiple=3.0) != ()
    assert judge_quote("TQQQ", DAY, 102.5, candle=100.0) != ()


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf"), 1e300])
def test_no_price_and_no_candle_price_are_errors(price):
    assert [f.severity for f in judge_quote("QQQ", DAY, price)] == ["error"]
    assert [f.severity for f in judge_quote("QQQ", DAY, 100.0, candle=price)] == ["error"]
