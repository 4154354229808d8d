"""Old against new history: legitimate corrections are told from contradictions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.data.quality.revisions import compare, revisions
from backtest.data.quality.splits import RATIOS
from tests.support.price_gate_world import PRICES, copy, index_and_funds, multiplied, rows_multiplied


def rounded(bars: Bars, decimals: int) -> Bars:
    return replace(bars, **{name: np.round(getattr(bars, name), decimals) for name in PRICES})


@pytest.fixture
def bars() -> Bars:
    return index_and_funds(120)["QQQ"]


def test_equal_histories_and_histories_without_a_common_day_are_unchanged(bars: Bars) -> None:
    middle = bars.dates[60].item()
    assert compare(bars, bars).change == "unchanged"
    assert compare(bars.until(middle), bars.since(bars.dates[61].item())).change == "unchanged"
    assert compare(bars, bars).worst is None


@given(
    price=st.floats(0.05, 500),
    ratio=st.sampled_from([r for r in RATIOS if r > 1]),
    decimals=st.sampled_from([2, 4, 6]),
)
def test_a_split_restated_with_few_decimals_is_that_split(
    price: float, ratio: Fraction, decimals: int
) -> None:
    old = rounded(rows_multiplied(index_and_funds(120)["QQQ"], slice(None), price / 100), decimals)
    factor = float(1 / ratio)
    new = rounded(rows_multiplied(old, slice(None), factor), decimals)
    if new.close.min() < 20 * 10.0**-decimals:
        return  # of a cent or two nothing can be told
    found = compare(old, new)
    assert (found.change, found.factor) == ("split", factor)
    assert not found.legitimate


@given(
    price=st.floats(0.5, 500), old_decimals=st.sampled_from([2, 4]), new_decimals=st.sampled_from([2, 4, 6])
)
def test_other_rounding_is_rounding(price: float, old_decimals: int, new_decimals: int) -> None:
    exact = rows_multiplied(index_and_funds(120)["QQQ"], slice(None), price / 100)
    found = compare(rounded(exact, old_decimals), rounded(exact, new_decimals))
    assert found.change in {"unchanged", "rounding"}
    assert found.legitimate
    assert found.factor == 1.0


@given(dividend=st.floats(0.002, 0.029), ex_row=st.integers(2, 119))
def test_a_dividend_lowers_the_days_before_it(dividend: float, ex_row: int) -> None:
    old = index_and_funds(120)["QQQ"]
    new = rows_multiplied(old, slice(0, ex_row), 1 - dividend)
    found = compare(old, new)
    assert found.change == "dividend"
    assert found.legitimate
    assert found.factor == pytest.approx(1 - dividend)


def test_two_dividends_are_two_stairs(bars: Bars) -> None:
    new = rows_multiplied(rows_multiplied(bars, slice(0, 30), 0.99), slice(0, 80), 0.985)
    found = compare(bars, new)
    assert (found.change, round(found.factor, 6)) == ("dividend", round(0.99 * 0.985, 6))


@pytest.mark.parametrize("factor", [0.96, 1.02, 1.5 * 1.2])
def test_another_common_factor_needs_a_person(bars: Bars, factor: float) -> None:
    found = compare(bars, rows_multiplied(bars, slice(None), factor))
    assert (found.change, found.legitimate) == ("factor", False)
    assert found.factor == pytest.approx(factor)


@given(row=st.integers(0, 118), factor=st.one_of(st.floats(0.3, 0.99), st.floats(1.01, 3)))
def test_one_close_that_differs_is_a_contradiction_naming_the_day(row: int, factor: float) -> None:
    bars = index_and_funds(120)["QQQ"]
    found = compare(bars, multiplied(bars, row, "close", factor))
    assert (found.change, found.worst) == ("contradiction", bars.dates[row].item())
    assert found.new_close == pytest.approx(found.old_close * factor)


def unfinished(bars: Bars) -> Bars:
    """The history as it was stored at noon of its last day."""
    early = copy(bars)
    early.close[-1] = (early.open[-1] + early.close[-1]) / 2 * 0.998
    early.high[-1] = max(early.open[-1], early.close[-1])
    early.low[-1] = min(early.open[-1], early.close[-1])
    early.volume[-1] /= 3
    return early


def test_the_last_bar_made_final_is_legitimate(bars: Bars) -> None:
    final = multiplied(bars, 119, "close", 1.02)
    found = compare(unfinished(final).until(bars.last), final)
    assert (found.change, found.factor, found.worst) == ("provisional", 1.0, bars.last)


@pytest.mark.parametrize(
    "fault",
    [
        lambda b: rows_multiplied(b, slice(119, None), 2.0),
        lambda b: replace(b, volume=b.volume / 10),
        lambda b: replace(b, high=b.high * np.where(b.dates == b.dates[-1], 0.97, 1)),
    ],
)
def test_a_final_bar_that_could_not_have_come_of_the_unfinished_one_is_a_contradiction(
    bars: Bars, fault: Callable[..., Any]
) -> None:
    final = multiplied(bars, 119, "close", 1.02)
    early = unfinished(final)
    early.high[-1] = early.open[-1] * 1.05
    assert compare(early, fault(final)).change == "contradiction"


def test_an_older_day_is_no_unfinished_bar(bars: Bars) -> None:
    final = multiplied(bars, 100, "close", 1.02)
    old = unfinished(final.until(bars.dates[100].item()))
    continued = replace(final, close=np.append(old.close, final.close[101:]))
    assert compare(continued, final).change == "contradiction"


def test_revisions_list_every_changed_value_by_day(bars: Bars) -> None:
    new = copy(bars)
    new.close[7] += 0.5
    new.open[3] += 0.25
    new.volume[7] = 5.0
    found = revisions(bars, new)
    assert [(r.day, r.field) for r in found] == [
        (bars.dates[3].item(), "open"),
        (bars.dates[7].item(), "close"),
        (bars.dates[7].item(), "volume"),
    ]
    assert found[1].new - found[1].old == 0.5
    assert revisions(bars, bars.until(date(2019, 1, 1))) == ()
