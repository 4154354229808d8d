"""When the programs start, in the local time of the machine, and how cron and systemd are told."""

import shlex
import shutil
import subprocess
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from live.operations.schedule import (
    BY_CLOCK,
    DOCTOR,
    EXECUTOR,
    GENERATOR,
    PLACE,
    POLL,
    UNITS,
    VALIDATE,
    ScheduledBook,
    cron_lines,
    new_york_starts,
    starts,
    systemd_units,
)
from live.system.clock import HostZone

TODAY = date(2026, 11, 28)
GOLDEN = ScheduledBook("golden", "close")
EARNINGS = ScheduledBook("ema_p10", "open", reads_candidates=True)
ZONES = ["America/New_York", "UTC", "Europe/Berlin", "Asia/Tokyo", "Pacific/Kiritimati", "Australia/Sydney"]


def fires(found: Any, command: str, local: Any) -> Any:
    return any(
        start.command == command
        and start.at.at == local.time().replace(tzinfo=None)
        and local.month in start.at.months
        for start in found
    )


@pytest.mark.parametrize("zone", ZONES)
def test_every_window_of_ten_years_has_its_starts(zone: str) -> None:
    host = ZoneInfo(zone)
    found = starts([GOLDEN, EARNINGS], host, TODAY)
    for session in calendar.sessions(TODAY, TODAY.replace(year=2036)):
        closing, opening = calendar.window(session, "close"), calendar.window(session, "open")
        wanted = {
            GENERATOR: closing.opens_at - timedelta(minutes=20),
            f"{GENERATOR} ": opening.opens_at - timedelta(minutes=12),  # a late report is taken up
            EXECUTOR: closing.opens_at,
            PLACE: opening.opens_at - timedelta(minutes=10),
            POLL: opening.opens_at + timedelta(minutes=2),
        }
        for command, instant in wanted.items():
            assert fires(found, command.strip(), instant.astimezone(host)), (session, command)
    assert sum(start.command == VALIDATE for start in found) == 1  # it looks at the newest closed session


def test_a_summer_early_close_that_next_year_does_not_have_is_there() -> None:
    found = starts([GOLDEN], UTC, TODAY)  # 2028-07-03 closes at 13:00 New York, 17:00 UTC
    assert fires(found, EXECUTOR, datetime(2028, 7, 3, 16, 55, tzinfo=UTC))


def test_a_book_of_single_stocks_is_placed_before_the_open_and_polled_after_it() -> None:
    found = {start.command for start in new_york_starts([EARNINGS], TODAY)}
    assert found == {GENERATOR, PLACE, POLL, VALIDATE}


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=20)
)
def test_any_folder_survives_cron_and_shell(name: str) -> None:
    folder = Path("/p") / name
    line = next(text for text in cron_lines(folder, new_york_starts([GOLDEN], TODAY)) if EXECUTOR in text)
    command = line.split("  ", 1)[1].replace(r"\%", "%")
    assert shlex.split(command)[:2] == ["cd", str(folder)]
    assert "%" not in line.replace(r"\%", "")


def test_the_line_of_a_failed_program_prints_its_exit_code_and_keeps_its_output(tmp_path: Path) -> None:
    folder = tmp_path / "my trader's 100 %"
    program = folder / ".venv" / "bin" / "jutsu"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "called $@"; exit 6\n')
    program.chmod(0o755)
    line = next(text for text in cron_lines(folder, [], "--config 'a b.yaml'") if DOCTOR in text)
    command = line.split("  ", 1)[1].replace(r"\%", "%")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == f"{DOCTOR}: exit 6, see logs/cron.log\n"
    assert (folder / "logs/cron.log").read_text() == "called doctor --alert --config a b.yaml\n"


def test_every_unit_that_has_starts_has_a_timer() -> None:
    text = "\n".join(systemd_units(Path("/my folder"), new_york_starts([GOLDEN], TODAY)))
    assert text.count("[Service]") == text.count("[Timer]") == len(UNITS) - 2  # no auction here
    assert 'ExecStart="/my folder/.venv/bin/python" -m live.executor\n' in text
    assert "OnCalendar=Mon..Fri 15:55 America/New_York" in text
    assert "OnCalendar=Mon..Fri 12:55 America/New_York" in text
    for _, timer in BY_CLOCK.values():
        assert f"OnCalendar={timer}\n" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_understands_the_times() -> None:
    text = "\n".join(systemd_units(Path("/p"), new_york_starts([GOLDEN, EARNINGS], TODAY)))
    for line in text.splitlines():
        if line.startswith("OnCalendar="):
            subprocess.run(["systemd-analyze", "calendar", line.partition("=")[2]], check=True)


@pytest.mark.parametrize("zone", ZONES)
def test_the_host_zone_changes_its_clocks_with_the_machine(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for day in range(0, 3650, 7):
            at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
            local, expected = at.astimezone(HostZone()), at.astimezone(ZoneInfo(zone))
            assert local.replace(tzinfo=None) == expected.replace(tzinfo=None)
            assert local.utcoffset() == expected.utcoffset()
    finally:
        monkeypatch.undo()
        time.tzset()
