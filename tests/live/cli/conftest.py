"""`jutsu reconcile`, `resolve`, `panic` and the switches on a fresh demo account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from live.cli import panic, switches
from live.cli import reconcile as orders
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
