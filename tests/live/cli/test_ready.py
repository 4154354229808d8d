"""`jutsu ready`: every criterion in a row, the answer in the last line and in the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from live.cli import ready as command
from live.ledger.ledger import Ledger
from live.views.readiness import BookReadiness, Criterion, ReadinessView
from tests.support.paths import PROJECT

MET = Criterion("logic match", met=True, value=99.51239, limit=">= 98 %", sessions=20)
UNMET = Criterion("fill rate", met=False, value=None, limit=">= 99 %", sessions=0, why="no orders yet")


def view(*criteria: Criterion) -> ReadinessView:
    good = all(one.met for one in criteria)
    return ReadinessView(good, (BookReadiness("golden", "paper", good, criteria),))


@pytest.fixture
def jutsu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """The command in a folder of its own, with the answer that a test gives."""
    config = tmp_path / "live.yaml"
    config.write_text(f"mode: offline_mock\npaths:\n  strategies: {PROJECT}/config/strategies\n")
    ledger = tmp_path / "state" / "ledger.db"
    Ledger.open(f"sqlite:///{ledger}", account="paper", now=datetime(2026, 3, 2, tzinfo=UTC)).close()
    app = typer.Typer()
    app.callback()(lambda: None)
    command.register(app)

    def run(answer: ReadinessView, *words: str) -> tuple[int, str]:
        monkeypatch.setattr("live.views.readiness.read_readiness", lambda *_: answer)
        settings = ("--config", str(config), "--state-db", str(ledger))
        done = CliRunner().invoke(app, ["ready", *words, *settings])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


def test_the_exit_code_is_the_answer(jutsu: Callable[..., tuple[int, str]]) -> None:
    assert jutsu(view(MET))[0] == 0
    assert jutsu(view(MET, UNMET))[0] == 1
    code, out = jutsu(view(MET, UNMET), "--json")
    assert code == 1
    document = json.loads(out)
    assert [one["met"] for one in document["books"][0]["criteria"]] == [True, False]


def test_what_stands_in_the_way_is_in_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    command.show(view(MET, UNMET))
    out = capsys.readouterr().out
    assert "golden in account paper" in out
    (met,) = (line for line in out.splitlines() if "logic match" in line)
    (unmet,) = (line for line in out.splitlines() if "fill rate" in line)
    assert "99.512" in met
    assert "NOT MET" not in met
    assert ["no data" in unmet, "NOT MET" in unmet, "no orders yet" in unmet] == [True] * 3
    assert out.splitlines()[-1] == "not ready for real orders"


def test_when_everything_is_met_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    command.show(view(MET))
    assert capsys.readouterr().out.splitlines()[-1] == "ready for real orders"
