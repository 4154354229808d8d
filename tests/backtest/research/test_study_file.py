"""Study files of people: what they mean, and one clear line for everything that is wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from backtest.core.errors import UsageError
from backtest.research.figures import Objective
from backtest.research.folds import ANCHORED
from backtest.research.study_file import parse_study, read_study
from tests.support.paths import PROJECT
from tests.support.study_world import document


def parse(**sections: Any) -> Any:
    return parse_study(document(Path("prices"), **sections), "s.yaml")


def findings(**sections: Any) -> list[str]:
    with pytest.raises(UsageError) as error:
        parse(**sections)
    assert "\n" not in error.value.line()
    return [str(finding) for finding in error.value.findings] or [error.value.line()]


def test_a_file_says_everything_the_search_needs() -> None:
    study = parse()
    assert (study.name, study.seed, study.method, study.total) == ("small", 7, "grid", 120)
    assert study.space.names == ("measurement_noise", "osc_smoothness", "sma_fast", "sma_slow")
    assert study.space.axes[0].values == (1000.0, 2000.0, 3000.0)
    assert study.strategy.parameters["realized_vol_window"] == 10
    assert study.data.holdout_from == date(2024, 6, 3)
    assert study.objectives == (Objective("sharpe"),)


def test_the_examples_that_are_shipped_are_read() -> None:
    examples = sorted((PROJECT / "config" / "studies").glob("*.yaml"))
    assert examples
    for path in examples:
        assert read_study(path).total > 100


def test_json_and_defaults() -> None:
    found = parse(objectives=None, require=None, constraints=None, search={"method": "random", "budget": 50})
    assert (found.objectives, found.require, found.total) == ((Objective("sharpe"),), (), 50)
    plan = parse(walk_forward={"kind": "anchored", "train": "2y", "test": "6m"}).walk_forward
    assert plan is not None
    assert (plan.kind, str(plan.step), plan.purge) == (ANCHORED, "6m", 0)


ABOUT = {"name": "x", "strategy": "hierarchical_adaptive_v3_5b"}


@pytest.mark.parametrize(
    ("sections", "finding"),
    [
        ({"spce": {}}, "spce: unknown section (did you mean space?)"),
        ({"study": None}, "study: missing"),
        ({"study": {**ABOUT, "name": "a/b"}}, "study.name: must be a name"),
        ({"study": {"strategy": "hierarchical_adaptive_v3_5b"}}, "study.name: missing"),
        ({"study": {**ABOUT, "seed": -1}}, "study.seed: must be a whole number"),
        (
            {"study": {**ABOUT, "base": {"sma_fst": 3}}},
            "study.base: unknown parameter (did you mean sma_fast?)",
        ),
        ({"study": {**ABOUT, "base": "nobody"}}, "study.base: no strategy named 'nobody'"),
        ({"study": {**ABOUT, "strategy": "hierarchical"}}, "study.strategy: unknown strategy 'hierarchical'"),
        ({"study": {**ABOUT, "strategy": "earnings_swing"}}, "data.candidates: missing"),
        (
            {"data": {"prices": "p", "candidates": "c.json"}},
            "data.candidates: Hierarchical_Adaptive_v3_5b has",
        ),
        (
            {"study": {**ABOUT, "strategy": "ORB", "base": "x"}},
            "study.strategy: no search knows the rules of ORB",
        ),
        ({"data": {"source": "store", "prices": "p"}}, "data: needs either source: store or prices: DIR"),
        ({"study": {**ABOUT, "description": b"x"}}, "study.description: must be a text"),
        ({"data": {}}, "data: needs either"),
        ({"data": {"source": "schwab"}}, "data.source: must be store"),
        ({"data": {"prices": "p", "start": "2020-13-01"}}, "data.start: must be a date"),
        (
            {"data": {"prices": "p", "start": "2021-01-01", "end": "2020-01-01"}},
            "data.end: 2020-01-01 lies before",
        ),
        (
            {"data": {"prices": "p", "end": "2020-01-01", "holdout_from": "2021-01-01"}},
            "data.holdout_from: 2021",
        ),
        ({"data": {"prices": "p", "cost_pct": -1}}, "data.cost_pct: must be a number from 0 to 10"),
        ({"data": {"prices": "p", "cost": 1}}, "data.cost: unknown key (did you mean cost_pct?)"),
        ({"search": {"method": "anneal"}}, "search.method: must be grid or random or sobol or nsga2 or tpe"),
        ({"search": {"method": "nsga2"}}, "search.budget: a nsga2 search needs a number of sets"),
        ({"search": {"method": "random"}}, "search.budget: a random search needs a number of sets"),
        ({"search": {"method": "grid", "budget": 0}}, "search.budget: must be a whole number"),
        ({"search": {"method": "grid", "budget": 100}}, "the grid has 120 points, the budget is 100"),
        (
            {"objectives": [{"maximise": "sharp"}]},
            "objectives[0]: unknown figure 'sharp' (did you mean sharpe?)",
        ),
        ({"objectives": ["sharpe"]}, "objectives[0]: must be maximise: FIGURE"),
        ({"objectives": []}, "objectives: is empty"),
        (
            {"objectives": [{"maximise": "sharpe"}, {"minimise": "sharpe"}]},
            "objectives[1]: sharpe is an objective already",
        ),
        ({"objectives": {"maximise": "sharpe"}}, "objectives: must be a list"),
        ({"require": ["sharp > 1"]}, "require[0]: unknown name 'sharp'"),
        ({"require": ["sharpe"]}, "require[0]: 'sharpe' is no condition"),
        ({"constraints": ["sma_fast < __import__('os')"]}, "constraints[0]:"),
        ({"constraints": ["execution_time == 1"]}, "constraints[0]: unknown name 'execution_time'"),
        ({"space": {}}, "space: has no axis"),
        ({"space": [1]}, "space: must be a mapping"),
        (
            {"space": {"sma_fst": {"values": [1]}}},
            "space.sma_fst: unknown parameter (did you mean sma_fast?)",
        ),
        (
            {"space": {"signal_symbol": {"values": ["SPY"]}}},
            "space.signal_symbol: does not vary within a study",
        ),
        ({"walk_forward": {"kind": "growing", "train": "1y", "test": "1y"}}, "walk_forward.kind: must be"),
        ({"walk_forward": {"train": "1y"}}, "walk_forward.test: must be a span"),
        (
            {"walk_forward": {"train": "1y", "test": "1y", "purge": -1}},
            "walk_forward.purge: must be a whole number",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(sections: dict[str, Any], finding: str) -> None:
    found = findings(**sections)
    assert any(finding in line for line in found), found


def test_everything_wrong_is_said_at_once() -> None:
    found = findings(search={"method": "girl"}, require=["x"], space={"sma_fast": {"values": []}})
    assert len(found) == 3


def test_paths_count_from_here_or_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "elsewhere"
    (there / "prices").mkdir(parents=True)
    (there / "mine.yaml").write_text("strategy: {name: hierarchical_adaptive_v3_5b, variant: mine}\n")
    study = document(Path("prices"), study={**ABOUT, "base": "mine.yaml"})
    (there / "s.yaml").write_text(yaml.safe_dump(study))
    monkeypatch.chdir(tmp_path)
    found = read_study(there / "s.yaml")
    assert found.data.prices == there / "prices"
    assert found.strategy.variant == "mine"


@pytest.mark.parametrize("text", ["[1]", "study: {a: 1, a: 2}", "a: [", "\x00"])
def test_files_that_are_no_study_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_study(path)
    assert str(path) in error.value.line()


def test_a_file_that_holds_nothing_is_told_what_a_study_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("")
    with pytest.raises(UsageError) as caught:
        read_study(path)
    assert "study: {name, strategy" in caught.value.remedy
