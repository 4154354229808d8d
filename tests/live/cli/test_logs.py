"""`jutsu logs`: what matched is exit code 0, nothing is 1, a wrong flag is 2."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.user_world import called, jutsu, new_user

NOW = datetime.now(UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    user = new_user(tmp_path / "jutsu")
    logs = user.config.parent.parent / "logs"
    logs.mkdir(exist_ok=True)
    for days, text in ((0, "today"), (5, "five days ago")):
        at = NOW - timedelta(days=days)
        local = f"{at.astimezone():%Y-%m-%d %H:%M:%S},000"
        (logs / f"executor_{at:%Y-%m-%d}.log").write_text(f"{local} WARNING jutsu {text}\n")
    return user.config


def test_two_days_are_shown_and_more_when_asked(config: Path) -> None:
    ran = called(lambda: jutsu(["logs", "--config", str(config)]))
    assert (ran.code, ran.out.count("\n")) == (0, 1)
    assert ran.out.startswith("executor: ")
    assert ran.out.endswith("WARNING jutsu today\n")
    ran = called(lambda: jutsu(["logs", "--since", "6d", "--json", "--config", str(config)]))
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["text"].rsplit("jutsu ", 1)[1] for row in rows] == ["five days ago", "today"]


def test_nothing_found_is_exit_code_1(config: Path) -> None:
    ran = called(lambda: jutsu(["logs", "--level", "error", "--config", str(config)]))
    assert ran.code == 1
    assert "nothing matched" in ran.err


@pytest.mark.parametrize("flags", [("--since", "soon"), ("--level", "loud")])
def test_a_wrong_flag_is_one_line(config: Path, flags: tuple[str, str]) -> None:
    ran = called(lambda: jutsu(["logs", *flags, "--config", str(config)]))
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
