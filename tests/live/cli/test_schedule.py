"""`jutsu schedule` in several time zones."""

import json
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
