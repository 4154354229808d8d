"""`jutsu recover` as a person uses it."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import UsageError
from live.cli import ledger as command
from live.ledger.errors import NotALedger
from live.ledger.ledger import Ledger

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(project_root / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(project: Path) -> Callable[..., Any]:
    app = typer.Typer()
    app.callback()(lambda: None)  # or the only command would take no name
    command.register(app)

    def call(*arguments: str, answer: str = "") -> Result:
        result = CliRunner().invoke(app, arguments, input=answer)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def path(project: Path) -> Path:
    target = project / "state" / "ledger.db"
    with Ledger.open(target, account="paper", now=NOW) as ledger:
        ledger.state.set("fact", "kept", at=NOW)
        ledger.backup(target.parent / "backups", keep_days=3650, now=NOW)
    return target


def test_an_intact_ledger_is_left_alone(run: Callable[..., Any], path: Path) -> None:
    before = path.read_bytes()

    result = run("recover", "--yes")

    assert (result.exit_code, path.read_bytes()) == (0, before)
    assert "nothing to do" in result.stdout


def test_without_a_yes_nothing_happens(run: Callable[..., Any], path: Path) -> None:
    path.write_bytes(b"broken" * 100)

    for answer in ("n\n", ""):
        with pytest.raises(UsageError, match=r"nothing (more )?was done"):
            run("recover", answer=answer)
        assert path.read_bytes() == b"broken" * 100


def test_recovery_tells_what_it_did_and_keeps_entries_off(run: Callable[..., Any], path: Path) -> None:
    path.write_bytes(b"broken" * 100)

    result = run("recover", "--yes")

    assert result.exit_code == 0
    assert "moved aside: " in result.stdout
    assert "restored: " in result.stdout
    assert [p.read_bytes() for p in path.parent.glob("ledger.db.damaged-*")] == [b"broken" * 100]
    with Ledger.open(path, account="paper", now=NOW) as ledger:
        assert ledger.state.get("fact") == "kept"
        assert ledger.state.kill_switch().level == "entries"


def test_a_file_that_is_no_ledger_is_refused_and_stays(run: Callable[..., Any], project: Path) -> None:
    notes = project / "notes.txt"
    notes.write_text("buy milk\n" * 30)

    with pytest.raises(NotALedger):
        run("recover", "--yes", "--state-db", str(notes))

    assert notes.read_text() == "buy milk\n" * 30
