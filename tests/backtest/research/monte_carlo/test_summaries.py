"""Quantiles, chances and bands of outcomes, on values whose answers are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.research.monte_carlo.resampling import Paths
from backtest.research.monte_carlo.summaries import QUANTILES, Chance, Distribution, summary_of


def paths(final: list[float], lowest: list[float]) -> Paths:
    n = len(final)
    curves = np.column_stack([np.ones(n), final])
    return Paths(
        np.array(final),
        np.zeros(n),
        np.full(n, 0.2),
        np.array(lowest),
        np.ones(n),
        np.array([126, 252]),
        curves,
    )


def test_quantiles_are_linear() -> None:
    found = Distribution.of(np.arange(101.0))
    assert found.quantiles == (5.0, 25.0, 50.0, 75.0, 95.0)
    assert found.median == 50.0
    assert found.middle_95 == (2.5, 97.5)
    assert found.middle_99 == (0.5, 99.5)


def test_a_chance_has_its_standard_error() -> None:
    found = Chance.of(np.array([1.0] * 20 + [0.0] * 80))
    assert (found.probability, found.error) == (0.2, pytest.approx(0.04))
    assert found.text == "20.0% (standard error 4.0%)"


def test_what_no_path_shows_is_not_said_to_be_impossible() -> None:
    never, always = Chance.of(np.zeros(1_000)), Chance.of(np.ones(1_000))
    assert never.text == "none of 1,000 paths (below 0.30% at 95 %)"
    assert always.text == "all of 1,000 paths (above 99.70% at 95 %)"


def test_profit_ruin_and_the_loss_over_a_path() -> None:
    final = [0.5, 0.9, 1.0, 1.1] * 25
    found = summary_of(paths(final, [0.3, 0.5, 0.49, 1.0] * 25), 0.5)
    assert found.profit.probability == 0.25
    assert found.ruin.probability == 0.5  # a close at exactly one half is none
    assert found.var_95 == 0.5
    assert found.cvar_95 == pytest.approx(0.5)
    assert found.figures["annual_return"].median == pytest.approx(-0.05)
    document = found.document()
    assert document["bands"]["pointwise"] is True
    assert document["bands"]["sessions"] == [126, 252]
    assert document["ruin"]["below"] == 0.5


def test_a_year_made_of_one_session_stays_a_number() -> None:
    huge = np.array([1e9])
    short = Paths(huge, huge, huge, huge, huge, np.array([1]), np.array([[1e9]]))
    assert np.isfinite(summary_of(short, 0.5).figures["annual_return"].median)


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=40))
def test_bands_and_quantiles_rise(final: list[float]) -> None:
    found = summary_of(paths(final, final), 0.5)
    assert (np.diff(found.bands, axis=0) >= 0).all()
    assert len(found.bands) == len(QUANTILES)
    middle = found.figures["final_equity"]
    assert middle.middle_99[0] <= middle.middle_95[0] <= middle.median <= middle.middle_95[1]
