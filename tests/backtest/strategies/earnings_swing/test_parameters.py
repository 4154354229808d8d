"""Parameters of the earnings swing system: what they permit, and what follows from them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.candidates.model import QualityFilter
from backtest.core.errors import ParameterError
from backtest.strategies.earnings_swing.parameters import (
    EFFECTS,
    USUAL,
    EarningsParameters,
    most_shares,
    parse,
)
from backtest.strategies.parameters import unusual_values

money = st.floats(1, 1e6)
prices = st.floats(0.01, 1e5)


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"max_positons": 3}, "did you mean max_positions"),
        ({"trailing_stop": None}, "trailing_stop"),
        ({"stop_loss_pct": 0}, "stop_loss_pct"),
        ({"position_size": "10000"}, "position_size"),
        ({"filter_price_from": 40}, "filter_price_from must not be above filter_price_below"),
        ({"min_grade": "E"}, "min_grade"),
    ],
)
def test_parameters_are_checked(parameters: dict[str, Any], word: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse(EarningsParameters, parameters)
    assert word in " ".join(map(str, caught.value.findings))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        parse(EarningsParameters, {"stop_loss_pct": 100, "max_positions": 0, "trailing_ema_period": 1.5})
    assert len(caught.value.findings) == 3


def test_defaults_are_usual_and_a_value_outside_the_usual_warns() -> None:
    assert unusual_values(parse(EarningsParameters, {}), USUAL, EFFECTS) == ()
    (warning,) = unusual_values(parse(EarningsParameters, {"daily_entry_limit": 0}), USUAL, EFFECTS)
    assert "daily_entry_limit" in str(warning)
    assert "0 enters nothing" in str(warning)


@pytest.mark.parametrize(
    ("changes", "weeks"),
    [
        ({}, 10),
        ({"trailing_ema_period": 7, "trailing_nweek_period": 3}, 7),
        ({"trailing_stop": "weekly_nweek_low", "trailing_ema_period": 7, "trailing_nweek_period": 3}, 3),
        ({"trailing_stop": None, "max_holding_days": 9}, 0),
    ],
)
def test_the_period_is_that_of_the_trailing_stop_in_use(changes: dict[str, Any], weeks: int) -> None:
    assert parse(EarningsParameters, changes).trailing_period == weeks


@given(st.floats(0.1, 99.9), prices)
def test_the_stop_is_below_the_entry_by_its_percentage(percent: float, entry: float) -> None:
    stop = EarningsParameters(stop_loss_pct=percent).stop_price(entry)
    assert 0 < stop < entry
    assert (entry - stop) / entry * 100 == pytest.approx(percent)


@given(money, prices)
def test_no_more_shares_than_the_money_buys_and_not_one_less(most: float, price: float) -> None:
    shares = most_shares(most, price)
    assert shares * price <= most * (1 + 1e-12)
    assert (shares + 1) * price > most * (1 - 1e-12)


@pytest.mark.parametrize("price", [0.0, -1.0])
def test_at_no_price_nothing_is_bought(price: float) -> None:
    assert most_shares(10_000.0, price) == 0


def test_a_gap_may_overrun_the_size_of_an_entry_by_so_much() -> None:
    parameters = EarningsParameters(position_size=10_000.0, max_entry_overrun_pct=20.0)
    assert parameters.max_order_value == 12_000.0
    assert (parameters.most_shares(100.0), parameters.most_shares(100.01)) == (120, 119)


@given(st.integers(1, 400), st.integers(0, 500))
def test_the_holding_time_counts_calendar_days(most: int, held: int) -> None:
    entry = date(2024, 3, 4)
    today = entry + timedelta(days=held)
    assert EarningsParameters(max_holding_days=most).held_long_enough(entry, today) is (held >= most)
    assert EarningsParameters().held_long_enough(entry, today) is False


def test_the_filter_has_the_four_limits_or_is_off() -> None:
    limits = {
        "filter_price_from": 1.0,
        "filter_price_below": 2.0,
        "filter_gap_from": 3.0,
        "filter_score_from": 4.0,
    }
    assert parse(EarningsParameters, limits).filter == QualityFilter(1.0, 2.0, 3.0, 4.0)
    assert parse(EarningsParameters, {"quality_filter": False}).filter is None
