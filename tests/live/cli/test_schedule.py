"""`jutsu schedule` in several time zones."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def starts(lines: Any, command: str) -> list[str]:
    """Return "HH:MM days" of every cron line that calls a command, each once."""
    found = set()
    for line in lines:
        pattern = r"(\d+) (\d+) \* (\S+) (\S+)  cd \S+ && mkdir -p logs && \S+/bin/(.+?) --state-db .*"
        if match := re.fullmatch(pattern, line):
            minute, hour, _months, days, called = match.groups()
            if called == command:
                found.add(f"{int(hour):02}:{int(minute):02} {days}")
    return sorted(found)


@pytest.mark.parametrize(
    ("zone", "executor", "validate"),
    [
        ("America/New_York", ["12:55 1-5", "15:55 1-5"], ["16:15 1-5"]),
        ("UTC", ["16:55 1-5", "17:55 1-5", "19:55 1-5", "20:55 1-5"], ["21:15 1-5"]),
        ("Europe/Berlin", ["18:55 1-5", "20:55 1-5", "21:55 1-5"], ["22:15 1-5"]),
        ("Asia/Tokyo", ["01:55 2-6", "02:55 2-6", "04:55 2-6", "05:55 2-6"], ["06:15 2-6"]),
    ],
)
def test_cron_lines_in_local_time_and_on_local_days(
    lines: Callable[..., Any], zone: str, executor: list[str], validate: list[str]
) -> None:
    found = lines(zone)
    assert starts(found, "python -m live.executor") == executor
    assert starts(found, "jutsu validate") == validate


def test_secrets_and_mail_are_named(lines: Any) -> None:
    text = "\n".join(lines("UTC"))
    assert "MAILTO" in text
    assert "state/secrets.env" in text


def test_json(lines: Any) -> None:
    found = json.loads("\n".join(lines("America/New_York", "--json")))
    rows = [(row["command"], row["at"]) for row in found["starts"]]
    assert ("python -m live.executor", "15:55") in rows


def test_next_names_five_starts_here_and_in_new_york(lines: Any) -> None:
    found = json.loads("\n".join(lines("Europe/Berlin", "--json", sub="next")))
    assert len(found) == 5
    assert all(row["command"].startswith(("python -m live.", "jutsu validate")) for row in found)
    shown = "\n".join(lines("Europe/Berlin", sub="next"))
    assert "New York" in shown
    assert shown.count("live.signal_generator") >= 1


def test_a_container_runs_one_process(lines: Any) -> None:
    text = "\n".join(lines("UTC", "--container"))
    assert '"jutsu", "schedule", "run", "--state-db"' in text
    assert "stop_grace_period: 12m" in text


@pytest.mark.parametrize(
    "flags",
    [("--systemd", "--launchd"), ("--install", "--remove"), ("--container", "--install")],
)
def test_flags_that_contradict_each_other(lines: Any, flags: tuple[str, ...]) -> None:
    lines("UTC", *flags, code=2)


def test_the_loop_starts_programs_and_ends_on_sigterm(tmp_path: Path, project_root: Path) -> None:
    """The real process: a second one stands aside, SIGTERM ends it with exit code 0."""
    words = [sys.executable, "-m", "live.cli", "schedule", "run", "--state-db", str(tmp_path / "l.db")]
    loop = subprocess.Popen(words, cwd=project_root, stdout=subprocess.PIPE, text=True)
    try:
        heartbeat = tmp_path / "schedule_heartbeat.json"
        for _ in range(600):
            if heartbeat.exists():
                break
            time.sleep(0.1)
        assert json.loads(heartbeat.read_text())["pid"] == loop.pid
        second = subprocess.run(words, cwd=project_root, capture_output=True, text=True, check=False)
        assert second.returncode == 7
        assert "at work" in second.stderr
    finally:
        loop.terminate()
    out, _ = loop.communicate(timeout=20)  # it sleeps up to half a minute: the signal wakes it
    assert loop.returncode == 0
    assert out.splitlines()[-1] == "stopped"
    assert not heartbeat.exists()
