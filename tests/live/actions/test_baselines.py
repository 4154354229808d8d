"""Which variants get a baseline when they are frozen, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.errors import DataError
from backtest.data.sources.demo import FUNDS, DemoMarket
from backtest.strategies.base import Strategy
from backtest.strategies.registry import find_strategy
from live.actions.baselines import measured
from live.settings.model import Settings
from tests.support.paths import PROJECT

MARKET = DemoMarket(7, date(2024, 6, 28)).read(FUNDS)


def named(*names: str) -> list[Strategy]:
    return [find_strategy(name, PROJECT / "config" / "strategies") for name in names]


def history(symbols: Sequence[str]) -> Mapping[str, Bars]:
    return {symbol: MARKET[symbol] for symbol in symbols if symbol in MARKET}


def test_allocations_are_measured_and_positions_without_reports_say_why_not() -> None:
    found, (problem,) = measured(Settings(), named("golden", "ema_p10"), history)
    assert list(found) == ["golden"]
    assert found["golden"].trades > 0
    assert str(problem).startswith("ema_p10: no report of its past is kept: `books[].reports`")


def test_positions_are_measured_on_the_reports_that_are_kept() -> None:
    """Bought at 100, stopped at 90 a session later: ten shares of a hundred in ten thousand of cash."""
    days = [session.day for session in calendar.sessions(date(2024, 3, 4), date(2024, 3, 8))]
    price = np.array([100.0, 88.0, 88.0, 88.0, 88.0])
    opens = np.array([100.0, 95.0, 88.0, 88.0, 88.0])
    row = (opens, np.maximum(opens, price), np.minimum(opens, price), price, np.full(5, 1e6))
    bars = {"AAA": Bars("AAA", np.array(days, dtype="datetime64[D]"), *row)}
    reported = (Candidate("AAA", days[0], "A", 80.0, price=100.0), Candidate("GONE", days[0], "A", price=9.0))
    settings = Settings.model_validate({"paper": {"initial_cash": 100_000}})
    found, problems = measured(settings, named("ema_p10"), lambda _: bars, lambda _: reported)
    assert problems == ()
    baseline = found["ema_p10"]
    assert (baseline.first, baseline.last, baseline.sessions) == ("2024-03-04", "2024-03-08", 5)
    assert (baseline.trades, baseline.win_rate) == (1, 0.0)
    assert baseline.expectancy == baseline.free_expectancy == pytest.approx(-0.1)
    assert baseline.max_drawdown == pytest.approx(-0.01)
    _, (nothing,) = measured(settings, named("ema_p10"), lambda _: {}, lambda _: reported)
    assert "none of its 2 reported stocks was bought" in nothing.problem


def test_a_source_without_the_signal_symbol_is_named() -> None:
    found, (problem,) = measured(Settings(), named("golden"), lambda _: {})
    assert found == {}
    assert "no history of QQQ" in problem.problem
    assert "`jutsu data import`" in problem.problem


def test_a_short_history_is_no_baseline() -> None:
    short = {symbol: bars._slice(slice(0, 50)) for symbol, bars in MARKET.items()}
    _, (problem,) = measured(Settings(), named("golden"), lambda _: short)
    assert problem.problem.startswith("the history is shorter than")


def test_a_backtest_that_stops_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    from backtest.reporting import baseline

    def stops(*_: object, **__: object) -> None:
        raise DataError("a bar is missing", where="QQQ")

    monkeypatch.setattr(baseline, "measure", stops)
    _, (problem,) = measured(Settings(), named("golden"), history)
    assert "a bar is missing" in problem.problem
