"""The grid of prices: coarsest that holds them, exact differences, prices without one."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.indicators.intraday.price_grid import grid_of
from tests.support.minute_world import bars_at


def flat(*prices: float) -> list[tuple[float, float, float, float]]:
    return [(price, price, price, price) for price in prices]


@given(st.integers(0, 8), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_prices_become_the_whole_numbers_they_were_written_as(decimals: int, numbers: list[int]) -> None:
    prices = [float(Decimal(number).scaleb(-decimals)) for number in numbers]
    grid = grid_of(bars_at("2024-01-02T10:00", flat(*prices)))
    assert grid.scale <= 10**decimals
    steps = grid.steps(np.array(prices))
    assert steps.tolist() == [number * grid.scale // 10**decimals for number in numbers]


def test_the_coarsest_grid_is_taken() -> None:
    assert grid_of(bars_at("2024-01-02T10:00", flat(4206.7, 4202.75))).scale == 100
    assert grid_of(bars_at("2024-01-02T10:00", flat(20.0, 30.0))).finer(6).scale == 6
    assert grid_of(bars_at("2024-01-02T10:00", [])).scale == 1


def test_a_difference_is_exact_where_that_of_doubles_is_not() -> None:
    grid = grid_of(bars_at("2024-01-02T10:00", flat(512.04, 508.04)))
    assert 512.04 - 508.04 < 4.0 == grid.difference(512.04, 508.04)


def test_noise_of_calculated_prices_is_no_decimal() -> None:
    assert 0.1 + 0.2 != 0.3
    assert grid_of(bars_at("2024-01-02T10:00", flat(0.1 + 0.2, 0.3))).scale == 10


def test_adjusted_prices_have_no_grid() -> None:
    with pytest.raises(DataError, match=r"more than 8 decimals.*--compat"):
        grid_of(bars_at("2024-01-02T10:00", flat(100 / 3)))
