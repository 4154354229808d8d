"""A session of a virtual positions book: cash, marks, and what a position remembers until the next one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.decision import Book, OpenPosition
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Plan
from backtest.simulator.positions.model import SessionBar
from backtest.simulator.positions.virtual import market_session, rules_of, settle
from backtest.simulator.session_values import Settled, VirtualSession
from backtest.strategies.registry import build_strategy
from tests.support.calendar_days import session_on
from tests.support.scripted_strategy import make_bars

FRI, MON, TUE = date(2024, 3, 15), date(2024, 3, 18), date(2024, 3, 19)
RULES = ExecutionRules(slippage_pct=0.0, stop_fill="gap")
PARAMETERS = {"trailing_stop": None, "max_holding_days": 365, "stop_loss_pct": 10.0}
FOUND = Candidate("AAA", MON, "A", 90.0, 100.0)


def settled(book: Book, market: Mapping[str, Bars], *found: Candidate, day: date = MON) -> Settled:
    strategy = build_strategy("earnings_swing", "nwl_p4", PARAMETERS)

    def bars_of(symbols: Sequence[str]) -> Mapping[str, Bars]:
        return {symbol: market[symbol] for symbol in symbols if symbol in market}

    asked = VirtualSession(session_on(day), strategy, Plan((), 0.0, 0.0), found, book, RULES)
    return settle(asked, bars_of)


def remembered(**changes: Any) -> OpenPosition:
    details = {"report_date": "2024-03-15", "grade": "B", "score": None, "mark": 50.0, "pending": None}
    return OpenPosition("OLD", 10, 48.0, FRI, 45.0, {**details, "order": FRI.toordinal(), **changes})


def test_an_entry_pays_the_open_and_is_marked_at_the_close() -> None:
    """9,900 or 10,000 at 100 a share, at most what the report's price gives; marked at 103."""
    market = {"AAA": make_bars("AAA", {FRI: 98.0, MON: 103.0}, opens=[98.0, 100.0])}
    done = settled(Book(50_000.0), market, FOUND)
    held = done.book.positions["AAA"]
    assert (held.quantity, held.entry_price, held.entry_date, held.stop_price) == (100, 100.0, MON, 90.0)
    assert (done.book.cash, done.equity) == (40_000.0, 50_300.0)
    assert done.fills["executed"] == [
        {
            "symbol": "AAA",
            "intent": "entry",
            "side": "buy",
            "quantity": 100,
            "price": 100.0,
            "realised_pnl": 0.0,
        }
    ]


def test_a_stop_sells_and_its_record_says_so() -> None:
    done = settled(Book(7.0, {"OLD": remembered()}), {"OLD": make_bars("OLD", {FRI: 50.0, MON: 44.0})})
    assert done.book == Book(447.0)
    assert done.equity == 447.0
    assert done.fills["executed"] == [
        {
            "symbol": "OLD",
            "intent": "stop",
            "side": "sell",
            "quantity": 10,
            "price": 44.0,
            "realised_pnl": -40.0,
        }
    ]
    assert done.fills["trades"][0]["exit_reason"] == "stop_loss"


def test_a_position_without_a_bar_keeps_its_mark() -> None:
    before = Book(7.0, {"OLD": remembered()})
    done = settled(before, {})
    assert (done.book, done.equity) == (before, 507.0)
    assert done.fills["executed"] == []


def test_an_exit_that_waits_sells_at_the_next_open_that_comes() -> None:
    waiting = Book(0.0, {"OLD": remembered(pending="trend_break")})
    silent = settled(waiting, {})
    assert silent.book.positions["OLD"].details["pending"] == "trend_break"
    market = {"OLD": make_bars("OLD", {FRI: 50.0, TUE: 60.0}, opens=[50.0, 52.0])}
    done = settled(silent.book, market, day=TUE)
    (sale,) = done.fills["executed"]
    assert (sale["intent"], sale["price"], done.book.cash) == ("exit", 52.0, 520.0)


def test_what_is_kept_is_json_and_is_enough_for_the_next_session() -> None:
    first = settled(Book(50_000.0), {"AAA": make_bars("AAA", {MON: 100.0})}, FOUND)
    (held,) = first.book.positions.values()
    again = OpenPosition(
        "AAA", held.quantity, held.entry_price, MON, held.stop_price, json.loads(json.dumps(held.details))
    )
    assert settled(Book(first.book.cash, {"AAA": again}), {}, day=TUE).book == first.book


def test_the_costs_of_every_book_win_over_the_parameters() -> None:
    strategy = build_strategy("earnings_swing", "nwl_p4", PARAMETERS)
    made = rules_of(strategy, ExecutionRules(slippage_pct=0.3, stop_fill="stop"))
    assert (made.slippage_pct, made.entry_slippage_pct, made.stop_fill) == (0.3, 0.3, "stop")
    assert (made.size_from, made.chooses_live, made.stop_loss_pct) == ("reference", True, 10.0)


@pytest.mark.parametrize("day", [MON, FRI])
def test_a_session_is_the_same_in_the_week_and_at_its_end(day: date) -> None:
    """On a Friday the weeks are judged too; bars and previous closes are the same either way."""
    before = {MON: FRI, FRI: date(2024, 3, 14)}[day]
    history = {
        "AAA": make_bars("AAA", {before: 10.0, day: 11.0}, opens=[10.0, 12.0]),
        "NEW": make_bars("NEW", {day: 5.0}),
        "OFF": make_bars("OFF", {before: 5.0}),
    }
    strategy = build_strategy("earnings_swing", "nwl_p4", PARAMETERS)
    found = market_session(history, day, rules_of(strategy, RULES))
    assert dict(found.bars) == {
        "AAA": SessionBar(12.0, 12.0, 11.0, 11.0, 10.0),
        "NEW": SessionBar(5.0, 5.0, 5.0, 5.0, None),
    }
