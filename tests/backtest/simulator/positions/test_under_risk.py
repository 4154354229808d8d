"""The simulated book under risk rules: its equity, its stops, its entries; off changes nothing."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.errors import JutsuError
from backtest.simulator.positions.model import MarketSession, PortfolioResult, PortfolioRules, PortfolioState
from backtest.simulator.positions.simulate import simulate
from backtest.simulator.positions.step import step

START = date(2024, 1, 1)
PLAIN = {"size_from": "reference", "quality_filter": False, "slippage_pct": 0.0, "trailing_stop": None}


def bars(symbol: str, close: list[float]) -> Bars:
    column = np.array(close)
    dates = np.datetime64(START, "D") + np.arange(len(close))
    return Bars(symbol, dates, column, column + 1, column - 1, column, np.ones(len(close)))


def rules(risk: Any = None, **more: Any) -> PortfolioRules:
    return PortfolioRules.model_validate({**PLAIN, "max_holding_days": 365, "risk": risk, **more})


def played(close: list[float], asked: PortfolioRules, *others: str) -> PortfolioResult:
    prices = {symbol: bars(symbol, close) for symbol in ("AAA", *others)}
    day = START + timedelta(days=40)
    candidates = [Candidate(symbol, day, "A", 90.0 - n, 100.0) for n, symbol in enumerate(prices)]
    return simulate(candidates, prices, asked)


FLAT = [100.0] * 45


def test_sizes_follow_the_capital_and_profit() -> None:
    fraction = {"sizing": {"method": "fixed_fractional", "risk_pct": 1, "max_position_pct": 100}}
    for cash, shares in ((100_000.0, 100), (20_000.0, 20)):
        (trade,) = played(FLAT, rules(fraction, initial_cash=cash)).trades
        assert trade.position.shares == shares
    assert rules(fraction).capital == 200_000.0


def test_a_stop_follows_the_price_up_and_sells_on_the_way_down() -> None:
    way = [*FLAT, 110.0, 120.0, 130.0, 125.0, 115.0, 100.0]
    (plain,) = played(way, rules()).trades
    (trade,) = played(way, rules({"stops": {"trailing_pct": 5}})).trades
    assert plain.reason == "end_of_data"
    assert (trade.reason, trade.exit_price) == ("stop_loss", 115.0)  # 130 less 5 %, gapped through
    assert trade.position.initial_stop_pct == 10.0


def test_a_stop_rests_in_the_session_after_the_close_that_raised_it() -> None:
    way = [*FLAT, 130.0, 124.0]
    (trade,) = played(way, rules({"stops": {"trailing_pct": 5}})).trades
    assert (trade.exit_date, trade.exit_price) == (START + timedelta(days=46), 123.5)


def test_heat_leaves_the_second_candidate_what_is_left() -> None:
    made = played(FLAT, rules({"heat": {"max_pct": 0.75}}), "BBB")
    assert sorted((t.position.symbol, t.position.shares) for t in made.trades) == [("AAA", 100), ("BBB", 50)]
    (skip,) = played(FLAT, rules({"correlation": {}}), "BBB").skipped
    assert (skip.candidate.ticker, skip.reason) == ("BBB", "risk_correlated")


def test_an_empty_section_plays_as_none() -> None:
    way = [*FLAT, 110.0, 95.0, 85.0]
    with_empty = played(way, rules({"heat": {"max_pct": 100}, "max_exposure_pct": 100}))
    plain = played(way, rules())
    assert [trade.as_row() for trade in with_empty.trades] == [trade.as_row() for trade in plain.trades]


@pytest.mark.parametrize("more", [{"size_from": "open"}, {"book": "independent"}])
def test_rules_need_the_choice_of_live(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="size_from: reference"):
        rules({"heat": {}}, **more)


def test_a_session_without_history_is_refused() -> None:
    session = MarketSession(START, 0, {})
    with pytest.raises(JutsuError, match="history"):
        step(PortfolioState(), session, (), rules({"heat": {}}))
