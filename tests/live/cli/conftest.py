"""`jutsu reconcile`, `resolve`, `panic`, the switches on a fresh demo account; `schedule` in a time zone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from live.cli import panic, switches
from live.cli import reconcile as orders
from live.cli.app import main
from live.operations import crontab


@dataclass(frozen=True)
class Program:
    """The commands on a fresh demo account below `folder`; `installed` are the crontabs they wrote."""

    app: typer.Typer
    folder: Path
    installed: list[str]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def __call__(self, *words: str, answer: str | None = None) -> str:
        places = ["--config", str(self.folder / "live.yaml"), "--state-db", str(self.state / "ledger.db")]
        done = CliRunner().invoke(self.app, [*words, *places], input=answer)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    (tmp_path / "live.yaml").write_text("mode: offline_mock\n")
    installed: list[str] = []

    def install(text: str) -> bool:
        installed.append(text)
        return True

    monkeypatch.setattr(
        crontab, "crontab", lambda: (installed or ["1 2 * * * python -m live.executor\n"])[-1]
    )
    monkeypatch.setattr(crontab, "install_crontab", install)
    app = typer.Typer()
    orders.register(app)
    panic.register(app)
    switches.register(app)
    return Program(app, tmp_path, installed)


@pytest.fixture
def lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Any]]:
    """Run `jutsu schedule` on a machine of a zone; a restored zone afterwards."""

    def run(zone: str, *more: str, sub: str = "", code: int = 0) -> list[str]:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        words = ["jutsu", "schedule", *([sub] if sub else []), "--state-db", str(tmp_path / "l.db"), *more]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == code
        return capsys.readouterr().out.splitlines()

    yield run
    monkeypatch.undo()
    time.tzset()
