"""Backtest jobs: the simulator's own figures, refusals before anything is queued."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import DataError, UsageError
from backtest.simulator.allocation.simulate import simulate
from live.jobs.backtest import BacktestRequest, read_result, run, simulated, strategy_of
from live.jobs.project import JobsProject, stored_history
from live.settings.load import LoadedSettings
from tests.support.user_world import User

LATE = {"variant": "golden", "start_date": "2023-10-02"}


@pytest.fixture
def loaded(project: JobsProject) -> LoadedSettings:
    return project.source.load(project.clock.now())


def test_a_job_finds_what_the_simulator_finds(
    project: JobsProject, loaded: LoadedSettings, tmp_path: Path
) -> None:
    heard: list[float] = []
    now = project.clock.now()
    run(loaded, {**LATE, "initial_capital": 50_000.0, "commission": 1.0}, now, tmp_path, heard.append)
    strategy = strategy_of(loaded, BacktestRequest("golden"))
    expected = simulate(
        strategy,
        stored_history(loaded, (*strategy.signal_symbols, *strategy.tradable_symbols), now),
        start=date(2023, 10, 2),
        end=date(2024, 1, 5),
        cash=50_000.0,
        rules=loaded.settings.execution.model_copy(update={"commission_per_order": 1.0}),
    )
    found = read_result(tmp_path)
    assert found["equity"] == [round(value, 2) for value in expected.equity.tolist()]
    assert (found["time"][0], found["time"][-1]) == ("2023-10-02", "2024-01-05")
    assert found["metrics"]["costs"] == len(expected.trades)
    assert len(found["benchmark"]) == len(found["time"]) == len(heard)
    assert (heard[0] < heard[1], heard[-1]) == (True, 1.0)
    assert json.loads((tmp_path / "metrics.json").read_text()) == found["metrics"]


def test_parameters_and_seed_make_a_difference(project: JobsProject, loaded: LoadedSettings) -> None:
    def final(**more: Any) -> float:
        request = BacktestRequest("golden", start_date=date(2023, 1, 3), **more)
        return float(simulated(loaded, request, project.clock.now(), lambda _: None)[1].equity[-1])

    assert len({final(), final(seed=8), final(parameters={"leverage_scalar": 0.8})}) == 3


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"variant": "nobody"}, "nobody"),
        ({"variant": "golden", "strategy": "earnings_swing"}, "is of Hierarchical"),
        ({"variant": "golden", "parameters": {"sma_fst": 1}}, "sma_f"),
        ({"variant": "golden", "parameters": {"sma_fast": -1}}, "sma_fast"),
        ({"variant": "ema_p10"}, "list of candidates"),
        ({"variant": "golden", "start_date": "2024-01-02", "end_date": "2023-01-02"}, "after end_date"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_it_waits(
    loaded: LoadedSettings, document: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UsageError) as refused:
        strategy_of(loaded, BacktestRequest.of(document))
    assert problem in " ".join([refused.value.line(), *map(str, refused.value.findings)])


def test_only_the_demo_market_has_a_seed(user: User, project: JobsProject) -> None:
    user.set(data={"source": "store"})
    with pytest.raises(UsageError, match="seed"):
        strategy_of(project.source.load(project.clock.now()), BacktestRequest("golden", seed=3))


def test_a_request_survives_its_document() -> None:
    asked = BacktestRequest("golden", "", date(2023, 1, 3), None, 5.0, 0.0, {"sma_fast": 3}, 2)
    assert BacktestRequest.of(json.loads(json.dumps(asked.document()))) == asked


def test_a_result_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"result\.json: cannot be read"):
        read_result(tmp_path)
