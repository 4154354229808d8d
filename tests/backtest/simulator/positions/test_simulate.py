"""When a candidate enters, and at what its position is closed when the data end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from backtest.calendar.sessions import is_week_end
from backtest.core.candidate import Candidate
from backtest.simulator.positions.market import Market
from backtest.simulator.positions.model import Held, PortfolioRules
from backtest.simulator.positions.simulate import closed_at_end, entry_day, schedule, simulate
from tests.support.scripted_strategy import make_bars

FRI = date(2024, 3, 15)
MON, TUE, WED, THU = (date(2024, 3, day) for day in range(18, 22))
PRICES = {
    "AAA": make_bars("AAA", {FRI: 100.0, WED: 104.0}),
    "BBB": make_bars("BBB", dict.fromkeys((FRI, MON, TUE, WED), 50.0)),
}


def rules(**changes: Any) -> PortfolioRules:
    plain = {"daily_entry_limit": None, "quality_filter": False, "trailing_stop": None, "slippage_pct": 0.0}
    return PortfolioRules.model_validate({**plain, **changes})


def market(**changes: Any) -> Market:
    return Market(PRICES, rules(**changes), is_week_end)


def candidate(ticker: str = "AAA", day: date = MON) -> Candidate:
    return Candidate(ticker, day, "A", 90.0, 100.0)


@pytest.mark.parametrize(
    ("found", "changes", "day"),
    [
        (candidate("BBB", MON), {}, MON),
        (candidate("BBB", date(2024, 3, 16)), {}, MON),  # a Saturday
        (candidate("BBB", MON), {"entry_mode": "next_day_open"}, TUE),
        (candidate("BBB", WED), {"entry_mode": "next_day_open"}, None),  # no session is left
        (candidate("AAA", MON), {}, WED),  # two sessions late
        (candidate("AAA", MON), {"max_entry_delay_sessions": 2}, WED),
        (candidate("AAA", MON), {"max_entry_delay_sessions": 1}, None),
        (candidate("AAA", MON), {"max_entry_delay_sessions": None}, WED),
        (candidate("ZZZ", MON), {}, None),
        (candidate("AAA", MON), {"selection": "live"}, MON),  # nobody knows before the open
        (candidate("ZZZ", MON), {"selection": "live"}, MON),
        (candidate("ZZZ", THU), {"selection": "live"}, None),
    ],
)
def test_the_session_of_an_entry(found: Candidate, changes: dict[str, Any], day: date | None) -> None:
    assert entry_day(found, market(**changes), rules(**changes)) == day


@pytest.mark.parametrize("kept", [True, False])
def test_candidates_by_session_in_their_order_and_those_without_one(kept: bool) -> None:
    found = [candidate("BBB", MON), candidate("ZZZ", MON), candidate("BBB", date(2024, 3, 17))]
    settings = rules(record_unscheduled=kept)
    due, never = schedule(found, market(), settings)
    assert due == {MON: [found[0], found[2]]}
    assert never == ([found[1]] if kept else [])


@pytest.mark.parametrize(
    ("symbol", "final", "price"),
    [("BBB", "last_close", 50.0), ("AAA", "last_close", 99.0), ("AAA", "entry", 97.0)],
)
def test_what_is_held_at_the_end_is_closed_at_its_last_known_price(
    symbol: str, final: str, price: float
) -> None:
    """The data end on Tuesday: BBB has a bar of it, AAA only its mark of 99 and its entry at 97."""
    changes = {"data_end_date": TUE, "final_price": final}
    held = Held(symbol, FRI, "A", 90.0, FRI, 97.0, 10, 80.0, mark=99.0)
    trade = closed_at_end(held, market(**changes), rules(**changes))
    assert (trade.exit_date, trade.exit_price, trade.reason) == (TUE, price, "end_of_data")


def test_a_pending_exit_keeps_its_reason_at_the_end() -> None:
    held = Held("BBB", FRI, "A", 90.0, FRI, 97.0, 10, 80.0, mark=99.0, pending="trend_break")
    assert closed_at_end(held, market(), rules()).reason == "trend_break"


def test_a_book_is_marked_every_session() -> None:
    """10,000 in AAA at 100 on Friday: 100 shares, no bar until Wednesday at 104."""
    done = simulate([candidate("AAA", FRI)], PRICES, rules(position_size=10_000), is_week_end)
    assert [(p.day, p.realized, p.unrealized, p.positions) for p in done.equity] == [
        (FRI, 0.0, 0.0, 1),
        (MON, 0.0, 0.0, 1),
        (TUE, 0.0, 0.0, 1),
        (WED, 0.0, 400.0, 1),
    ]
    assert [(t.exit_price, t.pnl, t.reason) for t in done.trades] == [(104.0, 400.0, "end_of_data")]
    assert done.skipped == ()
