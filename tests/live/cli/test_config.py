"""`jutsu config …` as a person uses it."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import JutsuError, UsageError
from live.cli import config as command


@pytest.fixture
def project(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped configuration in a folder of its own."""
    shutil.copytree(project_root / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("JUTSU_"):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def run(project: Path) -> Callable[..., Any]:
    app = typer.Typer()
    command.register(app)
    app.command("other")(lambda: None)

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(app, ["config", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def value(run: Callable[..., Any], name: str) -> tuple[Any, ...]:
    (row,) = [row for row in json.loads(run("show", name, "--json").stdout) if row["name"] == name]
    return row["value"], row["source"]


def test_show_names_every_value_and_its_source(run: Callable[..., Any], project: Path) -> None:
    rows = json.loads(run("show", "--json").stdout)

    assert {"name": "mode", "value": "offline_mock", "source": "config/live.yaml"} in rows
    assert {"name": "polling.retries", "value": 3, "source": "config/live.yaml"} in rows
    assert "safety.cash_jump_pct" in run("show", "safety").stdout
    assert not list(project.glob("state*"))  # looking creates nothing


def test_set_and_unset_change_the_value_and_leave_a_history(run: Callable[..., Any]) -> None:
    run("set", "safety.max_drift_pct", "2.5", "--reason", "wide spreads")
    assert value(run, "safety.max_drift_pct") == (2.5, "ledger override")

    run("unset", "safety.max_drift_pct")
    assert value(run, "safety.max_drift_pct") == (1.0, "config/live.yaml")

    history = json.loads(run("history", "--json").stdout)
    assert [(row["name"], row["value"], row["reason"]) for row in history["overrides"]] == [
        ("safety.max_drift_pct", "2.5", "wide spreads")
    ]
    assert [row["reason"] for row in history["snapshots"]] == ["unset safety.max_drift_pct", "wide spreads"]


def test_an_override_may_begin_later(run: Callable[..., Any]) -> None:
    run("set", "paper.fault", "slow", "--from", "2045-01-01", "--until", "2045-02-01")

    assert value(run, "paper.fault") == ("none", "config/live.yaml")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("safety.max_drift", "2"), "safety.max_drift: unknown setting"),
        (("safety.max_drift_pct", "-2"), "greater than 0"),
        (("paths.state_db", "x.db"), "from inside the ledger"),
        (("broker.schwab.api_key", "hunter2"), "secrets never belong"),
        (("strategy.golden.sma_fst", "50"), "did you mean sma_fast"),
        (("strategy.golden.sma_fast", "50"), "frozen at 40"),
        (("strategy.golden.t_norm_bear_thresh", "-0.4"), "frozen at -0.3"),
        (("execution.min_cash_pct", "6"), "frozen at 5"),
        (("paper.fault", "slow", "--from", "soon"), "not a date"),
        (("paper.fault", "slow", "--until", "2001-01-01"), "end before it begins"),
        (("mode", "live"), "mode"),
        (("books", "golden"), "books: input should be a list, got 'golden'"),
    ],
)
def test_what_must_not_be_set_is_refused_and_not_stored(
    run: Callable[..., Any], arguments: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(JutsuError, match=problem) as raised:
        run("set", *arguments)

    assert raised.value.exit_code == 2
    assert "hunter2" not in raised.value.line()
    rows = json.loads(run("show", "--json").stdout)
    assert [row["name"] for row in rows if row["source"] == "ledger override"] == []


def test_a_frozen_parameter_is_set_by_freezing_it_first(run: Callable[..., Any]) -> None:
    assert "frozen 40, now 50" in run("freeze", "--set", "strategy.golden.sma_fast=50").stdout
    assert run("check").exit_code == 0  # the file still says 40, which stays tested
    run("set", "strategy.golden.sma_fast", "50")

    assert run("check").exit_code == 0
    assert value(run, "strategy.golden.sma_fast") == (50, "ledger override")
    assert "frozen:" in run("freeze").stdout  # 40 is no tested set any more
    assert "already frozen" in run("freeze").stdout


def test_a_dated_override_runs_before_and_after_its_date(run: Callable[..., Any]) -> None:
    run("freeze", "--set", "strategy.golden.sma_fast=50")
    run("set", "strategy.golden.sma_fast", "50", "--from", "2045-01-02")
    assert run("check").exit_code == 0
    with pytest.raises(UsageError, match="frozen at"):
        run("set", "strategy.golden.sma_fast", "51", "--from", "2045-01-02")


def test_check_lists_every_problem_of_a_file(run: Callable[..., Any], project: Path) -> None:
    file = project / "config" / "mine.yaml"
    file.write_text("mode: live\nsaftey: {}\n")

    result = run("check", str(file))

    assert result.exit_code == 2
    assert "did you mean safety?" in result.stderr
    assert "mode:" in result.stderr
    found = json.loads(run("check", str(file), "--json").stdout)
    assert {row["path"] for row in found} == {"mode", "saftey"}


def test_check_knows_strategies_that_do_not_exist(run: Callable[..., Any], project: Path) -> None:
    file = project / "config" / "mine.yaml"
    file.write_text("books: [{primary: golden, shadows: [titanic]}]\n")

    result = run("check", str(file))

    assert result.exit_code == 2
    assert "titan" in result.stderr
