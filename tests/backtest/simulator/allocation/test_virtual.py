"""A session of a virtual allocation book: filled at the open or the close, marked at the close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from backtest.core.bars import Bars
from backtest.core.decision import Book, ExecutionTime, OpenPosition
from backtest.core.errors import DataError
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Plan, PlannedOrder
from backtest.simulator.allocation.virtual import settle
from backtest.simulator.session_values import Settled, VirtualSession
from tests.support.calendar_days import session_on
from tests.support.scripted_strategy import ScriptedWeights, make_bars

FRI, MON, TUE = date(2024, 3, 15), date(2024, 3, 18), date(2024, 3, 19)
RULES = ExecutionRules(min_cash_pct=0, max_buying_power_pct=100, commission_per_order=1.0)
PLAN = Plan(
    (
        PlannedOrder("AAA", "sell", "exit", 10, 10.0, 0.0, "out"),
        PlannedOrder("BBB", "buy", "entry", 4, 20.0, 1.0, "in"),
    ),
    200.0,
    0.0,
)
MARKET = {
    "AAA": make_bars("AAA", {FRI: 10.0, MON: 12.0, TUE: 99.0}, opens=[10.0, 11.0, 99.0]),
    "BBB": make_bars("BBB", {FRI: 20.0, MON: 25.0, TUE: 99.0}, opens=[20.0, 24.0, 99.0]),
}


def settled(market: Mapping[str, Bars], execution_time: ExecutionTime = "close") -> Settled:
    strategy = ScriptedWeights({}, execution_time=execution_time)
    book = Book(100.0, {"AAA": OpenPosition("AAA", 10, 9.0, FRI)})

    def bars_of(symbols: Sequence[str]) -> Mapping[str, Bars]:
        return {symbol: market[symbol] for symbol in symbols if symbol in market}

    return settle(VirtualSession(session_on(MON), strategy, PLAN, (), book, RULES), bars_of)


@pytest.mark.parametrize(
    ("window", "cash", "equity", "prices", "realised"),
    [
        # 100 + 10 x 12 - 1 - 4 x 25 - 1 = 118, and 4 x 25 at the close
        ("close", 118.0, 218.0, [12.0, 25.0], [29.0, -1.0]),
        # 100 + 10 x 11 - 1 - 4 x 24 - 1 = 112, and 4 x 25 at the close
        ("open", 112.0, 212.0, [11.0, 24.0], [19.0, -1.0]),
    ],
)
def test_the_window_says_what_it_fills_at(
    window: ExecutionTime, cash: float, equity: float, prices: list[float], realised: list[float]
) -> None:
    done = settled(MARKET, window)
    assert (done.book.cash, done.equity) == (cash, equity)
    assert done.book.shares() == {"BBB": 4}
    assert [fill["price"] for fill in done.fills["executed"]] == prices
    assert [fill["realised_pnl"] for fill in done.fills["executed"]] == realised
    assert done.fills["warnings"] == []


def test_a_fill_is_kept_as_json() -> None:
    assert settled(MARKET).fills["executed"][0] == {
        "symbol": "AAA",
        "intent": "exit",
        "reference_price": 10.0,
        "realised_pnl": 29.0,
        "side": "sell",
        "quantity": 10,
        "price": 12.0,
        "commission": 1.0,
        "cash_flow": 119.0,
    }


@pytest.mark.parametrize("symbol", ["AAA", "BBB"])
@pytest.mark.parametrize("silent", [True, False])
def test_a_symbol_held_or_ordered_without_a_bar_of_the_session_stops(symbol: str, silent: bool) -> None:
    left = {} if silent else {symbol: make_bars(symbol, {FRI: 10.0, TUE: 12.0})}
    others = {name: bars for name, bars in MARKET.items() if name != symbol}
    with pytest.raises(DataError, match="no bar of 2024-03-18") as failed:
        settled({**others, **left})
    assert failed.value.where == symbol
