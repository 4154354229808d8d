"""A fund beside its index: which days can be compared, how far they may miss, and shifted days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from backtest.core.bars import Bars, FloatArray
from backtest.data.quality.relations import Paired, PriceRelation, judged_alone, pair, shifted_blocks
from backtest.data.quality.robust import overnight
from tests.support.scripted_strategy import make_bars

TWICE = PriceRelation("FUND", "INDEX", 2.0)
START = date(2024, 3, 1)


def bars(symbol: str, closes: dict[int, float]) -> Bars:
    """Bars of numbered days."""
    return make_bars(symbol, {START + timedelta(days=n): price for n, price in closes.items()})


def paired(fund: dict[int, float], index: dict[int, float], relation: PriceRelation = TWICE) -> Paired | None:
    history = {"FUND": bars("FUND", fund), "INDEX": bars("INDEX", index)}
    steps = {s: (overnight(b.open, b.close), overnight(b.close, b.close)) for s, b in history.items()}
    return pair(relation, history, steps)


def test_only_days_after_a_common_day_are_compared() -> None:
    """Day 2 is missing in the index: neither it nor day 3, whose moves start elsewhere, can be compared."""
    fund = {0: 100.0, 1: 102.0, 2: 103.0, 3: 104.0, 4: 114.4}
    index = {0: 50.0, 1: 50.5, 3: 51.0, 4: 53.55}
    found = paired(fund, index)
    assert found is not None
    assert found.rows.tolist() == [1, 4]
    assert found.index_rows.tolist() == [1, 3]
    assert found.dates.tolist() == [START + timedelta(days=1), START + timedelta(days=4)]
    assert found.close == pytest.approx([0.02, 0.1])
    assert found.index_close == pytest.approx([0.01, 0.05])


@pytest.mark.parametrize(
    ("fund", "index"),
    [
        ({}, {0: 1.0}),
        ({0: 1.0}, {}),
        ({0: 1.0, 1: 1.0}, {5: 1.0, 6: 1.0}),
        ({0: 1.0, 2: 1.0}, {1: 1.0, 2: 1.0}),
    ],
)
def test_without_a_common_step_there_is_nothing_to_compare(
    fund: dict[int, float], index: dict[int, float]
) -> None:
    assert paired(fund, index) is None


def test_an_absent_symbol_is_compared_with_nothing() -> None:
    assert pair(TWICE, {"FUND": bars("FUND", {0: 1.0})}, {}) is None


def test_how_far_a_move_may_miss() -> None:
    """Twice +5 % is +10 %; the fund moved +13 %. The close may miss by 0.03 + a quarter, the open by more."""
    found = paired({0: 100.0, 1: 113.0}, {0: 100.0, 1: 105.0})
    assert found is not None
    miss, allowed = found.misses("close")
    assert (miss, allowed) == (pytest.approx([0.03]), pytest.approx([0.01 * 3 + 0.25 * 0.1]))
    miss, allowed = found.misses("open")
    assert (miss, allowed) == (pytest.approx([0.03]), pytest.approx([0.02 * 3 + 0.4 * 0.1]))


def test_an_inverse_fund_may_miss_as_much_as_its_opposite() -> None:
    moves = np.array([0.0, 0.1, -0.2])
    for relation in (TWICE, PriceRelation("FUND", "INDEX", -2.0)):
        assert relation.tolerance(moves, 0.01, 0.25) == pytest.approx([0.03, 0.055, 0.08])


def test_symbols_that_no_relation_names_are_judged_alone() -> None:
    assert judged_alone(["AAA", "FUND", "BBB", "INDEX", "AAA"], [TWICE]) == ("AAA", "BBB")


MOVES = [0.03, -0.02, 0.04, -0.03, 0.02, -0.04]


def index_moves(count: int) -> FloatArray:
    return np.array([MOVES[n % 6] * (1 + (n % 7) / 10) for n in range(count)])


def comparison(fund: FloatArray, index: FloatArray) -> Paired:
    rows = np.arange(len(fund))
    dates = np.datetime64(START) + rows.astype("timedelta64[D]")
    return Paired(TWICE, dates, rows, rows, fund, fund, index, index)


@pytest.mark.parametrize("shift", [-1, 1])
def test_ten_days_that_fit_only_when_moved_are_a_shifted_block(shift: int) -> None:
    """Of 32 days the blocks begin at 1, 11 and 21; in the middle one the fund has its neighbour's moves."""
    index = index_moves(32)
    fund = 2 * index
    fund[11:21] = 2 * index[11 + shift : 21 + shift]
    assert shifted_blocks(comparison(fund, index)) == [(11, shift)]


def test_days_that_fit_or_fit_nowhere_are_no_shift() -> None:
    index = index_moves(32)
    assert shifted_blocks(comparison(2 * index, index)) == []
    assert shifted_blocks(comparison(np.full(32, 0.5), index)) == []  # wrong, but not moved


def test_too_few_days_say_nothing() -> None:
    index = index_moves(12)
    fund = np.append(2 * index[1:], 0.0)
    assert shifted_blocks(comparison(fund[:11], index[:11])) == []
    assert shifted_blocks(comparison(fund, index)) == [(1, 1)]
