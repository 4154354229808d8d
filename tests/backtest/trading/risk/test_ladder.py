"""Ladders: whole shares, each sold once, the last rung takes the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import JutsuError
from backtest.trading.risk.ladder import Rung, due_shares, rung_shares

HALVES = (Rung(1.0, 0.5), Rung(2.0, 0.5))


def test_shares_are_whole_and_the_last_rung_takes_the_rest() -> None:
    assert rung_shares(HALVES, 101) == (50, 51)
    assert rung_shares((Rung(1, 0.3), Rung(2, 0.3), Rung(3, 0.4)), 7) == (2, 2, 3)
    assert rung_shares((Rung(1, 0.25),), 101) == (25,)
    assert rung_shares((), 100) == ()


@pytest.mark.parametrize(
    "rungs", [(Rung(2, 0.5), Rung(1, 0.5)), (Rung(1, 0.6), Rung(2, 0.6)), (Rung(1, 0.0),), (Rung(1, -0.1),)]
)
def test_a_ladder_that_cannot_be_climbed_is_refused(rungs: tuple[Rung, ...]) -> None:
    with pytest.raises(JutsuError, match="ladder"):
        rung_shares(rungs, 100)


@given(
    st.integers(1, 5000),
    st.lists(st.floats(50, 200), min_size=1, max_size=20),
    st.lists(st.integers(1, 9), max_size=4),
)
def test_no_share_is_sold_twice(bought: int, closes: list[float], parts: list[int]) -> None:
    rungs = tuple(Rung(0.5 * (n + 1), part / max(10, sum(parts))) for n, part in enumerate(parts))
    held, best, sold = bought, 100.0, 0
    for close in closes:
        best = max(best, close)
        now = due_shares(rungs, bought=bought, held=held, entry=100.0, risk=10.0, best=best)
        assert 0 <= now <= held
        held, sold = held - now, sold + now
        assert due_shares(rungs, bought=bought, held=held, entry=100.0, risk=10.0, best=best) == 0
    reached = sum(best - 100.0 >= rung.gain * 10.0 for rung in rungs)
    assert sold == sum(rung_shares(rungs, bought)[:reached])


def test_a_position_without_a_stop_has_no_rungs() -> None:
    assert due_shares(HALVES, bought=100, held=100, entry=100.0, risk=0.0, best=500.0) == 0
    assert due_shares(HALVES, bought=100, held=100, entry=100.0, risk=10.0, best=110.0) == 50
    assert (
        due_shares(HALVES, bought=100, held=40, entry=100.0, risk=10.0, best=110.0) == 0
    )  # a hand sold more
