"""The compiled run as a study: one set gives what a search over it gives."""

from typing import Any

import pytest

from backtest.core.errors import DataError, ParameterError, UsageError
from backtest.research.hierarchical_adaptive.parameter_sets import run_many
from backtest.research.hierarchical_adaptive.study import WeightsStudy
from backtest.research.study import Slice, Study, Summary
from backtest.strategies.registry import build_strategy
from tests.support.market_v35b import random_walk

GOLDEN = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {})
CHANGES = {"sma_fast": 20, "sma_slow": 60, "vol_baseline_window": 63}


@pytest.fixture(scope="module")
def history() -> Any:
    symbols = ("QQQ", "TLT", "TQQQ", "PSQ", "TMF", "TMV")
    return {symbol: random_walk(symbol, 400, seed=seed) for seed, symbol in enumerate(symbols)}


def test_a_study_of_one_set_is_one_row_of_a_search(history: Any) -> None:
    study: Study = WeightsStudy(cost_pct=0.1)
    days = history["QQQ"].dates
    part = Slice(days[200].item(), days[350].item())
    found = study(GOLDEN, history, part, CHANGES)
    searched = run_many(history, [{}, CHANGES], cost_pct=0.1, start=part.start, end=part.end)
    assert found == Summary(
        searched.final_equity[1],
        searched.annual_return[1],
        searched.volatility[1],
        searched.sharpe[1],
        searched.sortino[1],
        searched.max_drawdown[1],
        searched.rebalances[1],
        searched.turnover[1],
    )
    assert found.trades > 0
    assert found != study(GOLDEN, history, Slice(), CHANGES)


def test_what_a_study_refuses(history: Any) -> None:
    study = WeightsStudy()
    with pytest.raises(ParameterError):
        study(GOLDEN, history, Slice(), {"sma_fast": 500})
    with pytest.raises(DataError):
        study(GOLDEN, {}, Slice(), {})
    with pytest.raises(UsageError, match="no compiled run"):
        study(build_strategy("earnings_swing", "ema_p10", {}), history, Slice(), {})
