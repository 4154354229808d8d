"""`jutsu schedule` on a machine of a time zone."""

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
