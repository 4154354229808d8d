"""`jutsu schedule` in several time zones."""

import re
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

    def run(zone: str, *more: str) -> list[str]:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        monkeypatch.setattr("sys.argv", ["jutsu", "schedule", "--state-db", str(tmp_path / "l.db"), *more])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 0
        return capsys.readouterr().out.splitlines()

    yield run
    monkeypatch.undo()
    time.tzset()


def starts(lines: list[str], command: str) -> list[str]:
    """Return "HH:MM days" of every cron line that calls a command."""
    found = []
    for line in lines:
        if match := re.fullmatch(r"(\d+) (\d+) \* \* (\S+)  cd \S+ && \.venv/bin/(.+)", line):
            minute, hour, days, called = match.groups()
            if called == command:
                found.append(f"{int(hour):02}:{int(minute):02} {days}")
    return found


@pytest.mark.parametrize(
    ("zone", "executor", "validate"),
    [
        ("America/New_York", ["12:55 1-5", "15:55 1-5"], ["16:15 1-5"]),
        ("Europe/Berlin", ["18:55 1-5", "20:55 1-5", "21:55 1-5"], ["22:15 1-5"]),
        ("Asia/Tokyo", ["02:55 2-6", "04:55 2-6", "05:55 2-6"], ["06:15 2-6"]),
    ],
)
def test_cron_lines_in_local_time_and_on_local_days(
    lines: Callable[..., Any], zone: str, executor: list[str], validate: list[str]
) -> None:
    found = lines(zone)
    assert starts(found, "python -m live.executor") == executor
    assert starts(found, "jutsu validate") == validate


def test_every_unit_has_a_timer(lines: Callable[..., Any]) -> None:
    found = lines("America/New_York", "--systemd")
    assert [line for line in found if line.endswith(".timer")] == [
        f"# jutsu-{name}.timer" for name in ("signal-generator", "executor", "validate", "doctor")
    ]
    assert found.count("OnCalendar=Mon..Fri 15:55") == 1
    assert found.count("OnCalendar=Mon..Fri 16:15") == 1
