"""`jutsu schedule` in several time zones."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from live.cli.app import main


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


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a `crontab`, `systemctl` and `launchctl` of its own; they write down what they are told."""
    programs = tmp_path / "programs"
    programs.mkdir()
    cron = tmp_path / "crontab.txt"
    cron.write_text("0 3 * * * mine\n")
    bodies = {
        "crontab": f'if test "$1" = -l; then cat {cron}; else cat > {cron}; fi',
        "systemctl": f'echo "$@" >> {tmp_path}/calls; case "$2" in\n'
        f'is-enabled) test -e "{tmp_path}/on-$3" ;;\nenable) touch "{tmp_path}/on-$4" ;;\n'
        f'disable) rm -f "{tmp_path}/on-$4" ;;\nesac',
        "launchctl": f'echo "$@" >> {tmp_path}/calls',
    }
    for name, body in bodies.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


def test_a_block_is_installed_once_and_removed_whole(lines: Any, machine: Path) -> None:
    first = lines("Europe/Berlin", "--install")
    assert any(text.startswith("+") and "live.executor" in text for text in first)
    text = (machine / "crontab.txt").read_text()
    assert text.startswith("0 3 * * * mine\n# >>> jutsu schedule of ")
    assert (machine / "crontab.old").read_text() == "0 3 * * * mine\n"
    assert lines("Europe/Berlin", "--install") == ["nothing to change"]
    moved = lines("America/New_York", "--install")
    assert any(line.startswith("-55 21 ") for line in moved), "the machine moved: the block follows"
    lines("UTC", "--remove")
    assert (machine / "crontab.txt").read_text() == "0 3 * * * mine\n"


def test_units_are_installed_once_and_removed_whole(lines: Any, machine: Path) -> None:
    shown = lines("UTC", "--systemd", "--install")
    units = machine / ".config" / "systemd" / "user"
    names = {path.name for path in units.iterdir()}
    assert {"jutsu-executor.timer", "jutsu-backup.service", "jutsu-alerts.timer"} <= names
    calls = (machine / "calls").read_text()
    assert "--user daemon-reload" in calls
    assert "--user enable --now jutsu-executor.timer" in calls
    assert any("enable-linger" in text for text in shown)
    assert lines("UTC", "--systemd", "--install")[0] == "nothing to change"
    assert calls.count("enable --now") == (machine / "calls").read_text().count("enable --now")
    (machine / "on-jutsu-executor.timer").unlink()  # somebody stopped it
    lines("UTC", "--systemd", "--install")
    assert (machine / "on-jutsu-executor.timer").exists()
    lines("UTC", "--remove")
    assert not [path for path in units.iterdir() if path.suffix != ".old"]
    assert not list(machine.glob("on-*"))


def test_agents_are_installed_and_removed(lines: Any, machine: Path) -> None:
    lines("UTC", "--launchd", "--install")
    agents = machine / "Library" / "LaunchAgents"
    assert (agents / "org.jutsu.executor.plist").exists()
    assert f"bootstrap gui/{os.getuid()} {agents}/org.jutsu.executor.plist" in (machine / "calls").read_text()
    assert lines("UTC", "--launchd", "--install") == ["nothing to change"]
    lines("UTC", "--remove")
    assert not [path for path in agents.iterdir() if path.suffix == ".plist"]


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
    out, _ = loop.communicate(timeout=60)
    assert loop.returncode == 0
    assert out.splitlines()[-1] == "stopped"
    assert not heartbeat.exists()
