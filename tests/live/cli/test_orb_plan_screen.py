"""`jutsu review`, `approve`, `skip` on a plan of breakouts, and both stages, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import live.executor
import live.signal_generator
from backtest.core.errors import JutsuError
from live.cli.app import build
from tests.support.orb_live import DAY, SHORT, OrbWorld

PLANNED = "2024-01-04T17:30"  # New York: half an hour before the first window
REQUIRED = SHORT + "approval:\n  policy: required\n"


@pytest.fixture
def world(tmp_path: Path) -> OrbWorld:
    made = OrbWorld(tmp_path)
    made.set_up(settings=REQUIRED)
    made.bars = made.bars[:205]
    made.arrive()
    return made


def flags(world: OrbWorld, at: str = PLANNED) -> list[str]:
    return ["--config", str(world.root / "config" / "live.yaml"), "--as-of", at]


def jutsu(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(build(("review",)), list(words))
    error = done.exception
    return (error.exit_code if isinstance(error, JutsuError) else done.exit_code), done.output


def test_a_day_as_typed(world: OrbWorld, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(world.root / "signals" / f"orb_plan_{DAY}.json")
    assert live.signal_generator.main(["--strategy", "orb", *flags(world)]) == 0
    assert "7 strategies of MGC" in capsys.readouterr().out
    code, shown = jutsu("review", *flags(world))
    assert code == 0
    for text in ("WARNING  paper only", "MGC_1000_E3_RR1.0_CB1_NO_FILTER", "halt -5 R", "approval: silent"):
        assert text in shown
    assert jutsu("approve", path, *flags(world))[0] == 0
    code, shown = jutsu("review", path, "--json", *flags(world))
    assert (code, json.loads(shown)["standing"]) == (0, "approved")
    for at in ("2024-01-04T18:20", "2024-01-04T23:00"):
        assert live.executor.main(["--phase", "session", *flags(world, at)]) == 0
    assert "orb_2024-01-05 (paper): over" in capsys.readouterr().out
    assert jutsu("skip", path, *flags(world, "2024-01-04T19:00"))[0] == 7


@pytest.mark.parametrize(
    ("stage", "given", "problem"),
    [
        ("executor", ["--phase", "session", "--force"], "--force is not for a session"),
        ("executor", ["--loop"], "--loop needs --phase session"),
        ("signal_generator", ["--strategy", "orb", "--strategy", "golden"], "another --strategy is not for"),
        ("signal_generator", ["--strategy", "orb", "--report-file", "x"], "--report-file is not for"),
    ],
)
def test_flags_that_a_session_has_not_are_named(
    world: OrbWorld, capsys: pytest.CaptureFixture[str], stage: str, given: list[str], problem: str
) -> None:
    module = live.executor if stage == "executor" else live.signal_generator
    assert module.main([*given, *flags(world)]) == 2
    assert problem in capsys.readouterr().err
