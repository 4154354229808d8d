"""Which variants get a baseline when they are frozen, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from backtest.core.bars import Bars
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


def test_allocations_are_measured_and_positions_say_why_not() -> None:
    found, (problem,) = measured(Settings(), named("golden", "ema_p10"), history)
    assert list(found) == ["golden"]
    assert found["golden"].trades > 0
    assert str(problem).startswith("ema_p10: the candidates of its past are not kept")


def test_a_source_without_the_signal_symbol_is_named() -> None:
    found, (problem,) = measured(Settings(), named("golden"), lambda _: {})
    assert found == {}
    assert "no history of QQQ" in problem.problem


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
