"""The baseline by hand from two fills, from a real backtest, and read back from a manifest's entry."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest

from backtest.core.bars import Bars
from backtest.core.execution_rules import ExecutionRules
from backtest.data.sources.demo import FUNDS, DemoMarket
from backtest.reporting.baseline import (
    Baseline,
    baseline_of,
    closing_returns,
    mean,
    measure,
    read_baseline,
    trade_return,
    win_rate,
    without_costs,
)
from backtest.reporting.metrics import performance
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.base import Strategy
from backtest.strategies.registry import find_strategy
from tests.support.paths import PROJECT

COSTLY = ExecutionRules(slippage_pct=0.1, commission_per_order=1.0)


@pytest.fixture(scope="module")
def golden() -> Strategy:
    return find_strategy("golden", PROJECT / "config" / "strategies")


@pytest.fixture(scope="module")
def history() -> dict[str, Bars]:
    return dict(DemoMarket(7, date(2024, 6, 28)).read(FUNDS))


@pytest.fixture(scope="module")
def baseline(golden: Strategy, history: dict[str, Bars]) -> Baseline:
    found = measure(golden, history, COSTLY, cash=100_000.0)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("quantity", "price", "realised", "made"),
    [
        (10, 110.0, 100.0, 0.1),  # bought for 1,000, sold for 1,100
        (10, 90.0, -100.0, -0.1),
        (5, 20.0, 0.0, 0.0),
        (5, 20.0, 100.0, None),  # it cost nothing
    ],
)
def test_a_trade_makes_its_profit_over_its_cost(
    quantity: int, price: float, realised: float, made: float | None
) -> None:
    assert trade_return(quantity, price, realised) == made


def test_no_trades_have_no_rate_and_no_mean() -> None:
    assert (win_rate([]), mean([])) == (None, None)
    assert (win_rate([0.1, 0.0, -0.1, 0.2]), mean([0.1, -0.1, 0.3])) == (0.5, pytest.approx(0.1))


def test_it_is_the_backtest_from_the_first_decision_on(
    baseline: Baseline, golden: Strategy, history: dict[str, Bars]
) -> None:
    start = history["QQQ"].dates[golden.warmup_bars - 1].item()
    end = history["QQQ"].last
    result = simulate(golden, history, start=start, end=end, cash=100_000.0, rules=COSTLY)
    figures = performance(result.equity, 100_000.0)
    assert (baseline.first, baseline.last, baseline.sessions) == (str(start), str(end), len(result.dates))
    assert baseline.annual_return == round(figures.annual_return or 0, 8)
    assert baseline.max_drawdown == round(figures.max_drawdown, 8)
    sold = [trade for trade in result.trades if trade.side == "sell"]
    assert baseline.trades == len(sold)
    assert baseline.trades_per_year == pytest.approx(len(sold) * 252 / len(result.dates))
    won = sum(trade.realised_pnl + trade.commission > 0 for trade in sold)
    assert baseline.win_rate == pytest.approx(won / len(sold), abs=1e-8)


def test_costs_are_in_the_expectancy_and_not_in_the_free_one(baseline: Baseline) -> None:
    assert baseline.expectancy is not None
    assert baseline.free_expectancy is not None
    assert baseline.expectancy < baseline.free_expectancy
    free = without_costs(COSTLY)
    assert (free.slippage_pct, free.commission_per_order, free.commission_per_share) == (0.0, 0.0, 0.0)
    assert free.min_cash_pct == COSTLY.min_cash_pct


def test_it_is_the_same_each_time(baseline: Baseline, golden: Strategy, history: dict[str, Bars]) -> None:
    assert measure(golden, history, COSTLY, cash=100_000.0) == baseline


def test_what_a_sale_made_is_before_its_commission(golden: Strategy, history: dict[str, Bars]) -> None:
    end = history["QQQ"].last
    result = simulate(golden, history, start=date(2023, 1, 3), end=end, cash=100_000.0, rules=COSTLY)
    (first, *_) = [trade for trade in result.trades if trade.side == "sell"]
    gross = first.realised_pnl + first.commission
    assert closing_returns(result)[0] == gross / (first.quantity * first.fill_price - gross)
    empty = replace(result, dates=result.dates[:0])
    assert baseline_of(empty, empty) is None


def test_a_history_without_a_first_decision_has_none(golden: Strategy, history: dict[str, Bars]) -> None:
    short = {name: bars.until(date(2004, 1, 30)) for name, bars in history.items()}
    short["QQQ"] = history["QQQ"]._slice(slice(0, golden.warmup_bars - 1))
    assert measure(golden, short, COSTLY, cash=100_000.0) is None
    assert measure(golden, {}, COSTLY, cash=100_000.0) is None


def test_it_is_read_back_from_an_entry(baseline: Baseline) -> None:
    assert read_baseline({"baseline": asdict(baseline)}) == baseline


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "text",
        {},
        {"win_rate": 0.5},
        {"trades": None},
        {"trades": "12"},
        {"win_rate": True},
        {"volatility": float("nan")},
    ],
)
def test_what_is_no_baseline_is_none(baseline: Baseline, stored: Any) -> None:
    if isinstance(stored, dict) and stored and stored != {"win_rate": 0.5}:
        stored = asdict(baseline) | stored
    assert read_baseline({"baseline": stored}) is None
    assert read_baseline({}) is None
