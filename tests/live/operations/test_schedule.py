"""When the programs start, in the local time of the machine."""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from live.operations.schedule import (
    DOCTOR,
    EXECUTOR,
    GENERATOR,
    UNITS,
    VALIDATE,
    Start,
    cron_lines,
    starts,
    systemd_units,
)

TODAY = date(2024, 1, 2)


@pytest.fixture(params=["America/New_York", "Europe/Berlin", "Asia/Tokyo", "Pacific/Kiritimati"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def planned(*windows: Any) -> Any:
    return starts(windows, SimpleNamespace(today=lambda: TODAY))


def local(instant: Any) -> Any:
    return time.strftime("%H:%M", time.localtime(instant.timestamp()))


def test_every_window_of_a_year_has_its_starts(zone: Any) -> None:
    found = planned("5min_before_close", "open")
    at = {command: {start.at for start in found if start.command == command} for command in UNITS.values()}
    for session in calendar.sessions(TODAY, TODAY.replace(year=TODAY.year + 1)):
        for name in ("5min_before_close", "open"):
            opens = calendar.window(session, name).opens_at
            assert local(opens) in at[EXECUTOR]
            assert local(opens.fromtimestamp(opens.timestamp() - 1200, opens.tzinfo)) in at[GENERATOR]
    assert len(at[VALIDATE]) == 1  # the last one after a close: it looks at the newest closed session


@given(day=st.integers(-1, 1), hour=st.integers(0, 23), minute=st.integers(0, 59))
def test_a_cron_line_says_the_time_of_a_start(day: Any, hour: Any, minute: Any) -> None:
    line = list(cron_lines(Path("/p"), [Start(day, f"{hour:02}:{minute:02}", EXECUTOR)]))[1]
    assert line == f"{minute} {hour} * * {1 + day}-{5 + day}  cd /p && .venv/bin/{EXECUTOR}"


def test_the_doctor_runs_every_six_hours() -> None:
    assert list(cron_lines(Path("/p"), []))[-1] == f"0 */6 * * *  cd /p && .venv/bin/{DOCTOR}"
    text = "\n".join(systemd_units(Path("/p"), []))
    assert text.count("[Service]") == text.count("[Timer]") == len(UNITS)
    assert "OnCalendar=00/6:00" in text
