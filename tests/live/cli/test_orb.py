from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from live.cli.app import build
from tests.support.orb_live import OrbWorld


def jutsu(world: OrbWorld, *words: str, command: str = "orb") -> str:
    config = str(world.root / "config" / "live.yaml")
    done = CliRunner().invoke(build((command,)), [command, "--config", config, *words])
    assert done.exit_code == 0, done.exception
    return done.output


def test_the_book_on_one_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    world = OrbWorld(tmp_path)
    world.set_up(settings="mode: offline_mock\n")
    with world.ledger():
        assert "there is no book of breakouts" in jutsu(world)
    world.set_up()
    assert "no session was planned yet" in jutsu(world)
    world = OrbWorld(tmp_path).short()
    assert "first window 2024-01-04 23:00 UTC" in jutsu(world)
    world.whole_day(5)
    shown = jutsu(world)
    for text in (
        "2024-01-05: over",
        "limits: drawdown_halt_r",
        "MGC_1000_E3_RR1.0_CB1_NO_FILTER",
        "stop_hit",
    ):
        assert text in shown
    assert "not enough data yet to judge: missing data (1), win rate drift (7)" in shown
    assert json.loads(jutsu(world, "--json"))["session"]["state"] == "over"
    assert "breakouts (paper): 2024-01-05 over, 0 open" in jutsu(world, command="status")
    assert "stop_hit" in jutsu(world, command="trades")
    assert "trades of session engine and outcomes: equal" in jutsu(world, "--equality")
