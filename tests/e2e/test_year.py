"""A machine left to its schedule: every window is hit, every missed day is heard of the same day.

A slice over a change of clocks runs with the suite; a year in New York, Berlin and Sydney with `make long`,
whose mails are files in `out/year/<zone>`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from backtest.calendar import sessions as calendar
from live.operations.next_starts import NextStart
from live.operations.schedule import EXECUTOR, GENERATOR, PLACE, POLL, REHEARSE, UNITS
from tests.support.paths import PROJECT
from tests.support.scheduled_world import ScheduledMachine, scheduled

#: what goes wrong on the n-th session of each stretch
OFF, NO_GENERATOR, NO_EXECUTOR = 2, 4, 6


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def plan(days: list[date], every: int) -> dict[date, int]:
    """Day -> what goes wrong in it, once in each stretch of `every` sessions."""
    return {day: n % every for n, day in enumerate(days) if n % every in {OFF, NO_GENERATOR, NO_EXECUTOR}}


def starting(wrong: dict[date, int]) -> Callable[[NextStart], bool]:
    def starts(start: NextStart) -> bool:
        fault = wrong.get(start.at.astimezone(calendar.NEW_YORK).date())
        return not (
            fault == OFF
            or (fault == NO_GENERATOR and start.command == GENERATOR)
            or (fault == NO_EXECUTOR and start.command == EXECUTOR)
        )

    return starts


def lived(folder: Path, zone: str, first: date, last: date, wrong: dict[date, int]) -> ScheduledMachine:
    with scheduled(folder, zone, noon(first) - timedelta(days=1), starting(wrong)) as machine:
        machine.live_until(noon(last) + timedelta(days=1))
    return machine


def judge(machine: ScheduledMachine, wrong: dict[date, int], first: date, last: date) -> None:
    rows = machine.user.rows("run_log", "session, executed_at, executor_exit, outcome")
    done = {day: (at, code) for day, at, code, _ in rows if at is not None}
    failed = [(str(start.at), start.command, code) for start, code in machine.hit if code not in {0, 1}]
    heard = {(mail.day, mail.title + "\n" + mail.body) for mail in machine.mails}
    pinged = {day for day, _ in machine.pings}
    for session in calendar.sessions(first, last):
        day, window = session.day, calendar.window(session, "close")
        fault = wrong.get(day)
        executors = [start.at for start, _ in machine.hit if start.command == EXECUTOR]
        at_work = [at for at in executors if window.opens_at <= at <= window.closes_at]
        if fault is None:
            assert len(at_work) == 1, day
            assert done[day.isoformat()][1] == 0, (day, failed)
            assert (day, "0") in machine.pings
        elif fault == OFF:
            assert day not in pinged  # the service rings: nobody reported
            assert day.isoformat() not in done
            assert any(day.isoformat() in text for said, text in heard if said > day), day
        else:
            assert any(day.isoformat() in text for said, text in heard if said == day), (day, sorted(heard))
    alarms = [mail for mail in machine.mails if mail.title in {"golden: missed run", "golden: not executed"}]
    assert len(alarms) == len(wrong)  # once each; what nobody acknowledges is one mail a day
    kinds = {start.command for start, _ in machine.hit}
    rehearsed = any(session.day.month != first.month for session in calendar.sessions(first, last))
    assert kinds == {*UNITS.values()} - {PLACE, POLL} - (set() if rehearsed else {REHEARSE})


def test_days_over_the_change_of_clocks(tmp_path: Path) -> None:
    first, last = date(2024, 3, 7), date(2024, 3, 12)  # New York changes on 10 March, Berlin on the 31st
    wrong = {date(2024, 3, 8): OFF, date(2024, 3, 11): NO_GENERATOR, date(2024, 3, 12): NO_EXECUTOR}
    machine = lived(tmp_path, "Europe/Berlin", first, last, wrong)
    judge(machine, wrong, first, last)
    assert not [mail for mail in machine.mails if "runs: golden" in mail.body]  # a missed run is told once
    machine.keep_mails(tmp_path / "mails")
    kept = sorted((tmp_path / "mails").rglob("*.txt"))
    assert len(kept) == len(machine.mails) > 2
    assert all("Subject: " in path.read_text() for path in kept)


@pytest.mark.long
@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Sydney"])
def test_a_year(tmp_path: Path, zone: str) -> None:
    first, last = date(2023, 11, 27), date(2024, 11, 29)
    wrong = plan([session.day for session in calendar.sessions(first, last)], 21)
    machine = lived(tmp_path, zone, first, last, wrong)
    machine.keep_mails(PROJECT / "out" / "year" / zone.rpartition("/")[2])
    judge(machine, wrong, first, last)
    assert "jutsu resume" in machine.done_by_person  # a breaker tripped in it, and trading went on
