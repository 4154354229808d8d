"""The founding targets of research, with wide margins: how much in how long, and the same again by its seed.

`make test` runs a slice of the search that learns and of the folds (`test_optimize` and `test_monte_carlo`
have small studies and resamplings of their own); the full sizes are `long`.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from backtest.cli.app import main
from tests.support.study_world import BASE, write_prices, write_study

SPACE = {
    "measurement_noise": {"log_uniform": [500, 5000]},
    "osc_smoothness": {"uniform": [5, 20]},
    "sma_fast": {"uniform": [4, 30]},
    "sma_slow": {"uniform": [20, 120]},
    "t_norm_bull_thresh": {"uniform": [0.05, 0.5]},
}
TEN_MINUTES, HALF_AN_HOUR, FIVE_MINUTES = 600.0, 1_800.0, 300.0
full = pytest.mark.long


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prices(tmp_path_factory.mktemp("targets") / "prices")


def searched(folder: Path, prices: Path, method: str, budget: int, **sections: Any) -> tuple[bytes, float]:
    """Run a study in a database of its own; return its table and the seconds it took."""
    study = write_study(
        folder / "s.yaml",
        prices,
        study={"name": "s", "strategy": "hierarchical_adaptive_v3_5b", "base": dict(BASE), "seed": 7},
        search={"method": method, "budget": budget},
        space=SPACE,
        objectives=[{"maximise": "sharpe"}, {"minimise": "max_drawdown"}],
        **sections,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUTSU_RESEARCH_DB", str(folder / "r.db"))
        begin = time.perf_counter()
        assert main(["optimize", str(study), "--rerun", "0", "--out", str(folder / "out")]) == 0
        return (folder / "out" / "top.csv").read_bytes(), time.perf_counter() - begin


@full
def test_a_thousand_backtests_in_ten_minutes(tmp_path: Path, prices: Path) -> None:
    table, seconds = searched(tmp_path / "1", prices, "random", 1_000)
    assert searched(tmp_path / "2", prices, "random", 1_000)[0] == table
    assert seconds < TEN_MINUTES
    assert len(table.splitlines()) > 500


@pytest.mark.parametrize("sets", [100, pytest.param(5_000, marks=full)])
def test_five_thousand_genetic_evaluations_in_half_an_hour(tmp_path: Path, prices: Path, sets: int) -> None:
    table, seconds = searched(tmp_path / "1", prices, "nsga2", sets)
    assert searched(tmp_path / "2", prices, "nsga2", sets)[0] == table
    assert seconds < HALF_AN_HOUR
    document = json.loads((tmp_path / "1" / "out" / "study.json").read_text())
    assert document["tried"] == sets
    assert document["front"]


@pytest.mark.parametrize("sets", [40, pytest.param(1_000, marks=full)])
def test_a_walk_forward_of_twelve_months(
    tmp_path: Path, prices: Path, sets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Train windows of a year, tests of a quarter, from one month to the next: twelve months of tests."""
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / "r.db"))
    plan = {"kind": "rolling", "train": "12m", "test": "3m", "step": "3m"}
    study = write_study(
        tmp_path / "s.yaml",
        prices,
        search={"method": "random", "budget": sets},
        space=SPACE,
        walk_forward=plan,
        data={"prices": str(prices), "start": "2022-06-01", "end": "2024-05-31", "cost_pct": 0.05},
    )
    begin = time.perf_counter()
    documents = []
    for out in ("1", "2"):
        assert main(["walk-forward", str(study), "--out", str(tmp_path / out)]) == 0
        documents.append(json.loads((tmp_path / out / "walk_forward.json").read_text()))
    assert time.perf_counter() - begin < TEN_MINUTES
    assert documents[0] == documents[1]
    assert documents[0]["sessions"] >= 240
    assert len(documents[0]["folds"]) == 4


@full
def test_a_thousand_simulations_in_five_minutes(
    tmp_path: Path, prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Histories that never were, each from prices through the rules, beside as many sets and paths."""
    searched(tmp_path / "s", prices, "random", 20)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / "s" / "r.db"))
    begin = time.perf_counter()
    found = []
    for out in ("1", "2"):
        words = ["--histories", "500", "--sets", "1000", "--paths", "1000"]
        assert main(["monte-carlo", "s:3", *words, "--no-stress", "--out", str(tmp_path / out)]) == 0
        found.append((tmp_path / out / "monte_carlo.json").read_bytes())
    assert time.perf_counter() - begin < FIVE_MINUTES
    assert found[0] == found[1]
