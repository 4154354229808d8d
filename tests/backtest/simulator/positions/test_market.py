"""Bars of several symbols as sessions; which session ended a week below its indicator."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar.sessions import is_week_end
from backtest.indicators.weekly import week_number
from backtest.simulator.positions.market import Market
from backtest.simulator.positions.model import PortfolioRules, SessionBar
from tests.support.bar_columns import bars_of_columns
from tests.support.scripted_strategy import make_bars

MON, TUE, WED = (date(2024, 3, day) for day in (11, 12, 13))
#: weeks of two sessions each, Monday and Friday
MONDAYS = tuple(date(2024, 1, day) for day in (8, 22, 29))
FRIDAYS = (date(2024, 1, 12), date(2024, 1, 26), date(2024, 2, 2))


def rules(**changes: Any) -> PortfolioRules:
    return PortfolioRules.model_validate(changes)


def test_a_session_has_the_bars_of_the_symbols_that_traded() -> None:
    market = Market(
        {
            "AAA": make_bars("AAA", {MON: 10.0, WED: 12.0}, opens=[9.0, 13.0]),
            "BBB": make_bars("BBB", {TUE: 20.0, WED: 21.0}),
            "EMPTY": make_bars("EMPTY", {}),
        },
        rules(),
        is_week_end,
    )
    assert market.days == [MON, TUE, WED]
    assert market.order == {MON: 0, TUE: 1, WED: 2}
    found = market.session(WED)
    assert (found.day, found.week) == (WED, week_number(WED))
    assert dict(found.bars) == {
        "AAA": SessionBar(13.0, 13.0, 12.0, 12.0, previous_close=10.0),
        "BBB": SessionBar(21.0, 21.0, 21.0, 21.0, previous_close=20.0),
    }
    monday = market.session(MON).bars
    assert monday["AAA"].previous_close is None
    assert ("BBB" in monday, monday.get("BBB"), "ZZZ" in monday, len(monday)) == (False, None, False, 1)
    with pytest.raises(KeyError):
        monday["BBB"]
    known = market.session(MON).known
    assert known is not None
    assert ["AAA" in known, "BBB" in known, "ZZZ" in known] == [True, False, False]
    halted = market.session(TUE).known
    assert halted is not None
    assert "AAA" in halted  # it did not trade on Tuesday, and was priced on Monday


def test_nothing_after_the_end_of_the_data_is_there() -> None:
    bars = {"AAA": make_bars("AAA", {MON: 10.0, TUE: 11.0}), "BBB": make_bars("BBB", {TUE: 1.0})}
    market = Market(bars, rules(data_end_date=MON), is_week_end)
    assert (market.days, list(market.tracks)) == ([MON], ["AAA"])
    assert Market({}, rules(), is_week_end).days == []


@given(st.sets(st.integers(0, 60), max_size=20), st.integers(0, 62))
def test_the_first_session_on_or_after_a_day(offsets: set[int], wanted: int) -> None:
    start = date(2024, 3, 1)
    dates = np.datetime64(start) + np.array(sorted(offsets), dtype="timedelta64[D]")
    bars = bars_of_columns("AAA", dates, [np.ones(len(dates))] * 5)
    if not offsets:
        return
    track = Market({"AAA": bars}, rules(), is_week_end).tracks["AAA"]
    day = start + timedelta(days=wanted)
    assert track.first_on_or_after(day) == min((d for d in dates.tolist() if d >= day), default=None)


def weeks(closes: list[float], **changes: Any) -> Market:
    """AAA on Mondays and Fridays, closing the weeks as given; BBB trades on every one of these days."""
    days = [day for pair in zip(MONDAYS, FRIDAYS, strict=True) for day in pair]
    own = dict(zip(days, [close for close in closes for _ in (0, 1)], strict=True))
    missing = changes.pop("missing", None)
    history = {
        "AAA": make_bars("AAA", {day: price for day, price in own.items() if day != missing}),
        "BBB": make_bars("BBB", dict.fromkeys(days, 5.0)),
    }
    settings = {"trailing_stop": "weekly_nweek_low", "trailing_nweek_period": 2, **changes}
    return Market(history, rules(**settings), is_week_end)


def broken(market: Market) -> list[date]:
    return [day for day in market.days if "AAA" in market.session(day).broken]


def test_a_week_below_the_low_of_the_weeks_before_is_broken_at_its_end() -> None:
    assert broken(weeks([10.0, 11.0, 9.0])) == [FRIDAYS[2]]
    assert broken(weeks([10.0, 11.0, 12.0])) == []
    assert "BBB" not in weeks([10.0, 11.0, 9.0]).session(FRIDAYS[2]).broken
    assert broken(weeks([10.0, 11.0, 9.0], trailing_stop=None)) == []


@pytest.mark.parametrize(("judged", "found"), [(True, [FRIDAYS[2]]), (False, [])])
def test_a_symbol_silent_on_the_last_session_is_judged_when_asked_for(
    judged: bool, found: list[date]
) -> None:
    market = weeks([10.0, 11.0, 9.0], missing=FRIDAYS[2], judge_missing_week_end=judged)
    assert broken(market) == found


def test_a_week_that_the_data_do_not_end_is_not_judged() -> None:
    assert broken(weeks([10.0, 11.0, 9.0], data_end_date=MONDAYS[2])) == []
