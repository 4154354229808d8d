"""A simulated year in three time zones: every window of every kind is hit, however the machine is told."""

import plistlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise, takewhile
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.decision import ExecutionTime
from live.operations.cron_lines import cron_lines
from live.operations.launchd import launchd_files
from live.operations.next_starts import NextStart, every_start
from live.operations.schedule import (
    BY_CLOCK,
    EXECUTOR,
    GENERATOR,
    MONTHLY,
    PLACE,
    POLL,
    UNITS,
    VALIDATE,
    WEEKLY,
    Project,
    ScheduledBook,
    new_york_starts,
    starts,
)
from live.operations.start_loop import StartLoop
from live.operations.systemd import systemd_files
from live.system.clock import SimulatedClock
from live.views.figures import before_week
from live.views.weekly_report import week_until

FIRST, LAST = date(2026, 11, 28), date(2027, 11, 30)
PROJECT = Project(Path("/p"))
BOOKS = [
    *(ScheduledBook(name, name) for name in get_args(ExecutionTime)),
    ScheduledBook("ema_p10", "open", reads_candidates=True),
]
Fired = dict[str, set[datetime]]


def wall(zone: tzinfo, hour: int, minute: int) -> Iterator[datetime]:
    """Yield every moment of the year at which the clock of a zone shows a time; none in a skipped hour."""
    for n in range((LAST - FIRST).days + 1):
        local = datetime.combine(FIRST + timedelta(days=n), time(hour, minute), zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            yield local


def numbers(text: str, every: range) -> set[int]:
    """Return what a field of a crontab matches."""
    if text == "*":
        return set(every)
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def by_cron(zone: tzinfo) -> Fired:
    fired: Fired = {}
    for line in cron_lines(PROJECT, starts(BOOKS, zone, FIRST)):
        if line.startswith("#"):
            continue
        fields, _, called = line.partition("  ")
        minutes, hours, month_days, months, weekdays = fields.split()
        command = called.split(".venv/bin/")[1].split(" >>")[0]
        days, in_months = numbers(weekdays, range(7)), numbers(months, range(1, 13))
        for hour in numbers(hours, range(24)):
            for at in wall(zone, hour, int(minutes)):
                on_day = at.day in numbers(month_days, range(1, 32))
                if on_day and at.month in in_months and at.isoweekday() % 7 in days:
                    fired.setdefault(command, set()).add(at.astimezone(UTC))
    return fired


def calendar_fields(text: str) -> list[str]:
    """Return the words of an OnCalendar line: day of the week where it has one, date, clock, zone or ""."""
    words = text.split()
    return words if words[-1] == "America/New_York" else [*words, ""]


def by_systemd(zone: tzinfo) -> Fired:
    fired: Fired = {}
    for name, text in systemd_files(PROJECT, new_york_starts(BOOKS, FIRST)):
        command = UNITS[name.partition(".")[0].removeprefix("jutsu-")]
        for line in text.splitlines():
            if not line.startswith("OnCalendar="):
                continue
            *sunday, days, clock, named = calendar_fields(line.removeprefix("OnCalendar="))
            hours, minutes = clock.split(":")[:2]
            workdays = days == "Mon..Fri"
            assert workdays == (named == "America/New_York")
            month_days = numbers("*" if workdays else days.split("-")[2].replace("..", "-"), range(1, 32))
            for hour in numbers(hours, range(24)):
                for at in wall(calendar.NEW_YORK if named else zone, hour, int(minutes)):
                    on_day = at.day in month_days and (not sunday or at.isoweekday() == 7)
                    if on_day and (not workdays or at.weekday() < 5):
                        fired.setdefault(command, set()).add(at.astimezone(UTC))
    return fired


def by_launchd(zone: tzinfo) -> Fired:
    fired: Fired = {}
    for name, text in launchd_files(PROJECT, starts(BOOKS, zone, FIRST)):
        command = UNITS[name.removeprefix("org.jutsu.").removesuffix(".plist")]
        for entry in plistlib.loads(text.encode())["StartCalendarInterval"]:
            for at in wall(zone, entry["Hour"], entry["Minute"]):
                on_day = entry.get("Day", at.day) == at.day
                if on_day and entry.get("Weekday", at.isoweekday() % 7) == at.isoweekday() % 7:
                    fired.setdefault(command, set()).add(at.astimezone(UTC))
    return fired


class Ended:
    """A program that ends at once."""

    def poll(self) -> int:
        return 0

    wait = poll


def by_loop(zone: tzinfo, state: Path, monkeypatch: pytest.MonkeyPatch) -> Fired:
    """Run the loop through the year; waking every half minute is left out where nothing is due."""
    fired: Fired = {}
    clock = SimulatedClock(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC))
    end = datetime(LAST.year, LAST.month, LAST.day, tzinfo=UTC) + timedelta(days=2)
    planned = list(takewhile(lambda start: start.at < end, every_start(BOOKS, clock.now(), zone)))
    monkeypatch.setattr(StartLoop, "_beat", lambda *_: None)  # a year of files

    def coming(after: datetime) -> Iterator[NextStart]:
        first = bisect_right(planned, after, key=lambda start: start.at)
        return (planned[n] for n in range(first, len(planned)))

    def start(command: str) -> Ended:
        fired.setdefault(command, set()).add(clock.now())
        return Ended()

    def stopped() -> bool:
        clock.set(
            max(clock.now(), next(coming(clock.now() - timedelta(seconds=1))).at - timedelta(seconds=10))
        )
        return clock.now().date() > LAST

    StartLoop(clock, coming, start, state, stopped, lambda _: None).run()
    return fired


KINDS: dict[str, Callable[..., Fired]] = {"cron": by_cron, "systemd": by_systemd, "launchd": by_launchd}
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Sydney"]


@pytest.mark.parametrize(
    "zone", [pytest.param(zone, marks=[] if zone == ZONES[2] else pytest.mark.long) for zone in ZONES]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_year_in_which_every_window_is_hit(kind: str, zone: str) -> None:
    require_every_window(KINDS[kind](ZoneInfo(zone)), ZoneInfo(zone))


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_the_loop(zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_every_window(by_loop(ZoneInfo(zone), tmp_path, monkeypatch), ZoneInfo(zone))


def require_every_window(fired: Fired, zone: tzinfo) -> None:
    checked = 0
    for session in calendar.sessions(FIRST, LAST - timedelta(days=1)):
        for name in get_args(ExecutionTime):
            window = calendar.window(session, name)
            before = {window.opens_at - timedelta(minutes=m) for m in (20, 12)}
            assert before & fired[GENERATOR], (session.day, name)
            assert window.opens_at.astimezone(UTC) in fired[EXECUTOR], (session.day, name)
            checked += 1
        opening = calendar.window(session, "open").opens_at
        assert opening - timedelta(minutes=10) in fired[PLACE]
        assert {opening + timedelta(minutes=m) for m in (2, 10, 30)} <= fired[POLL]
        assert any(session.close < at < session.close + timedelta(hours=5) for at in fired[VALIDATE])
    assert checked > 1250
    for command, times in BY_CLOCK.items():
        days = {at.astimezone(zone).date() for at in fired[command]}
        wanted = {FIRST + timedelta(days=n) for n in range(1, (LAST - FIRST).days)}
        assert {day for day in wanted if times.on(day)} <= days, command
        assert all(times.on(day) for day in days), command
        assert len(fired[command]) >= (len(days) - 6) * len(times.hours)
    require_reports(fired)


def require_reports(fired: Fired) -> None:
    """A weekly report between each week's last session and the next; a monthly one in its first days."""
    weekly = sorted(at.astimezone(calendar.NEW_YORK).date() for at in fired[WEEKLY])
    for earlier, later in pairwise(calendar.sessions(FIRST + timedelta(days=7), LAST - timedelta(days=7))):
        if earlier.day.isocalendar().week != later.day.isocalendar().week:
            made = [day for day in weekly if earlier.day < day <= later.day]
            assert [week_until(day)[1] for day in made] == [before_week(later.day)]
    monthly = {at.astimezone(calendar.NEW_YORK).date() for at in fired[MONTHLY]}
    for month in range(1, 12):
        due = calendar.next_session(date(2027, month, 1) - timedelta(days=1)).day
        assert any(due <= day <= date(2027, month, 7) for day in monthly), due
