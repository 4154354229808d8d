"""When the programs start, in the local time of the machine."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backtest.calendar import sessions as calendar
from live.operations.schedule import (
    EXECUTOR,
    GENERATOR,
    PLACE,
    POLL,
    VALIDATE,
    ScheduledBook,
    new_york_starts,
    starts,
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
