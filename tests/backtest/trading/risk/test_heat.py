"""Portfolio heat: by hand, and never above its limit whatever the book holds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.trading.risk.heat import AtRisk, correlated_heat, fitting_shares, heat


def at_risk(quantity: int = 100, price: float = 100.0, stop: float | None = 90.0) -> AtRisk:
    return AtRisk("AAA", quantity, price, stop)


@st.composite
def books(draw: st.DrawFn) -> list[AtRisk]:
    rows = st.tuples(st.integers(1, 1000), st.floats(1, 500), st.none() | st.floats(1, 500))
    return [AtRisk(f"S{n}", *row) for n, row in enumerate(draw(st.lists(rows, max_size=5)))]


def test_heat_by_hand() -> None:
    # 100 x 10 + nothing below the price + a whole value of 1,000, of 20,000
    book = [at_risk(), at_risk(stop=105.0), at_risk(quantity=10, stop=None)]
    assert heat(book, 20_000) == pytest.approx(0.1)
    assert heat([], 0.0) == 0.0
    assert heat(book, 0.0) == math.inf


@given(books(), st.floats(1.0, 1e7))
def test_correlated_heat_lies_between_the_root_of_squares_and_the_sum(
    book: list[AtRisk], equity: float
) -> None:
    n = len(book)
    plain = heat(book, equity)
    assert correlated_heat(book, np.ones((n, n)), equity) == pytest.approx(plain)
    alone = correlated_heat(book, np.eye(n), equity)
    assert alone == pytest.approx(math.sqrt(sum((one.value / equity) ** 2 for one in book)))
    assert alone <= plain * (1 + 1e-9)


@given(
    books(), st.integers(1, 10_000), st.floats(1, 500), st.floats(0, 500), st.floats(1, 1e6), st.floats(0, 1)
)
def test_an_entry_never_brings_the_heat_over_its_limit(
    held: list[AtRisk], quantity: int, price: float, stop: float, equity: float, limit: float
) -> None:
    entry = AtRisk("NEW", quantity, price, stop)
    n = len(held) + 1
    rng = np.random.default_rng(quantity)
    mixed = np.corrcoef(rng.standard_normal((n, 40))).reshape(n, n).clip(0, 1)
    for correlations in (None, np.ones((n, n)), mixed):
        shares = fitting_shares(entry, held, equity, limit, correlations=correlations)
        assert 0 <= shares <= quantity
        book = [*held, AtRisk("NEW", shares, price, stop)]
        now = heat(book, equity) if correlations is None else correlated_heat(book, correlations, equity)
        if shares and entry.per_share:
            assert now <= limit


def test_as_many_shares_as_fit_are_taken() -> None:
    # 20 % of 10,000 may be lost, 1,000 of it is taken: 1,000 more at 10 a share
    assert fitting_shares(at_risk(quantity=500), [at_risk()], 10_000, 0.2) == 100
    # two that move apart: sqrt(1000^2 + x^2) = 2000
    assert fitting_shares(at_risk(quantity=500), [at_risk()], 10_000, 0.2, correlations=np.eye(2)) == 173
    assert fitting_shares(at_risk(), [at_risk(quantity=500)], 10_000, 0.2) == 0
    assert fitting_shares(at_risk(stop=101.0), [at_risk(quantity=500)], 10_000, 0.2) == 100


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0, 1))
def test_more_equity_never_fits_fewer_shares(one: float, other: float, limit: float) -> None:
    low, high = sorted((one, other))
    entry, held = at_risk(quantity=10_000), [at_risk()]
    assert fitting_shares(entry, held, low, limit) <= fitting_shares(entry, held, high, limit)
