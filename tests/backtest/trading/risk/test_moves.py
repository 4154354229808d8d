"""Stops of holdings: each rule by hand, and a level only ever rises."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Book, OpenPosition
from backtest.trading.risk.entries import INITIAL_STOP_PCT
from backtest.trading.risk.moves import moved_stops
from backtest.trading.risk.rules import RiskRules
from backtest.trading.risk.series import PriceSeries
from tests.backtest.trading.risk.test_entries import DAY, bars


def rules(cost_pct: float = 0.0, **stops: Any) -> RiskRules:
    return RiskRules.model_validate({"stops": {"least_move_pct": 0, **stops}, "cost_pct": cost_pct})


def owned(stop: float | None = 90.0, days: int = 20, symbol: str = "AAA") -> Book:
    since = DAY - timedelta(days=days)
    details = {INITIAL_STOP_PCT: 10.0}
    return Book(0.0, {symbol: OpenPosition(symbol, 100, 100.0, since, stop, details)})


def prices(close: list[float], wide: float = 1.0) -> PriceSeries:
    return PriceSeries({"AAA": bars("AAA", [100.0] * 30 + close, wide)})


@pytest.mark.parametrize(
    ("section", "close", "want"),
    [
        ({"trailing_pct": 5}, [110, 120, 115], 114.0),
        ({"trailing_pct": 20}, [110], None),  # 88 lies below the stop
        ({"break_even_r": 2}, [119.9, 100], None),
        ({"break_even_r": 2}, [120, 100], 100.0),
        ({"break_even_r": 2, "cost_pct": 0.3}, [120, 100], 100.3),
        ({"trailing_weeks": 1}, [], 99.0),  # the lowest low of the week before
        ({"trailing_pct": 5, "break_even_r": 1}, [110], 104.5),  # the tightest
    ],
)
def test_levels_by_hand(section: dict[str, Any], close: list[float], want: float | None) -> None:
    moves = moved_stops(owned(), prices(close), rules(**section), DAY)
    assert [move.price for move in moves] == ([] if want is None else [want])


def test_a_level_behind_the_true_range() -> None:
    flat = PriceSeries({"AAA": bars("AAA", [100.0] * 40, wide=2.0)})
    (move,) = moved_stops(owned(), flat, rules(trailing_atr=2), DAY)
    assert (move.price, move.before, move.reason) == (92.0, 90.0, "trailing_atr")


def test_closes_before_the_entry_and_after_the_day_count_nothing() -> None:
    known = prices([150.0] * 10 + [100.0] * 5)
    assert moved_stops(owned(days=4), known, rules(trailing_pct=5), DAY)[0].price == 95.0
    assert moved_stops(owned(), known, rules(trailing_pct=5), DAY - timedelta(days=15))[0].price == 95.0


def test_what_leaves_or_has_no_stop_or_no_bar_is_left_alone() -> None:
    asked, known = rules(trailing_pct=5), prices([120.0])
    assert moved_stops(owned(), known, asked, DAY, leaving={"AAA"}) == ()
    assert moved_stops(owned(stop=None), known, asked, DAY) == ()
    assert moved_stops(owned(symbol="ZZZ"), known, asked, DAY) == ()
    assert moved_stops(owned(), known, RiskRules(), DAY) == ()


def test_a_small_move_is_not_worth_an_order() -> None:
    asked = RiskRules.model_validate({"stops": {"trailing_pct": 5, "least_move_pct": 1}})
    assert moved_stops(owned(stop=113.0), prices([120.0]), asked, DAY) == ()
    assert moved_stops(owned(stop=112.0), prices([120.0]), asked, DAY)[0].price == 114.0


@given(st.lists(st.floats(50, 200), min_size=1, max_size=20), st.floats(1, 40), st.floats(0.5, 5))
def test_a_stop_never_loosens_on_any_path(close: list[float], percent: float, after: float) -> None:
    known = prices(close)
    asked = rules(trailing_pct=percent, trailing_atr=2, trailing_weeks=2, break_even_r=after)
    level: float = 80.0
    for back in range(len(close) - 1, -1, -1):
        day: date = DAY - timedelta(days=back)
        for move in moved_stops(owned(stop=level), known, asked, day):
            assert move.before == level < move.price
            level = move.price
