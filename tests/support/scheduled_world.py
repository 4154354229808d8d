"""A machine in a time zone whose schedule starts the shipped programs, day after day.

Programs, ledger, alert outbox, paper broker and ping client are the real ones. Made up are the time (by the
product's own clock), the demo market, a ping service on loopback, and the last step of a mail: a file.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import live.alerts.delivery
import live.alerts.outbox
import live.operations.checks
from backtest.calendar.sessions import NEW_YORK
from live.alerts.delivery import Outcome
from live.operations.next_starts import NextStart, every_start
from live.operations.schedule import FLUSH, WEEKLY, ScheduledBook
from tests.fakes.ping_service import Service, serving
from tests.simulation import clock as clocks
from tests.support.user_world import Ran, User, called, jutsu, new_user

ACKNOWLEDGE, RESUME = "jutsu alerts ack", "jutsu resume"
BOOKS = (ScheduledBook("golden", "close"),)
CRONTAB = "cd {} && live.signal_generator; live.executor"


@dataclass(frozen=True)
class Mail:
    """One message as it left: when (aware), level, title, text."""

    at: datetime
    level: str
    title: str
    body: str

    @property
    def day(self) -> date:
        """New York date."""
        return self.at.astimezone(NEW_YORK).date()


@dataclass
class ScheduledMachine:
    """What runs by itself, and what became of it.

    Attributes:
        starts: whether a start of a command at an instant happens: the machine is on, the line is there.
        hit: every start that happened, its exit code. pings: New York date and path of every ping.
    """

    user: User
    zone: ZoneInfo
    clock: clocks.WorldClock
    service: Service
    starts: Callable[[NextStart], bool]
    mails: list[Mail] = field(default_factory=list)
    hit: list[tuple[NextStart, int]] = field(default_factory=list)
    pings: list[tuple[date, str]] = field(default_factory=list)
    done_by_person: list[str] = field(default_factory=list)
    read: int = 0

    def live_until(self, end: datetime) -> None:
        """Let time pass; start what is due."""
        for start in every_start(BOOKS, self.clock.now(), self.zone):
            if start.at >= end:
                break
            self.clock.go_to(start.at)
            if self.starts(start):
                self._run(start)
                if start.command == WEEKLY:
                    self._read_mails()

    def keep_mails(self, folder: Path) -> None:
        """Write every mail as a file that a person reads: one folder a month."""
        for number, mail in enumerate(self.mails, 1):
            at = mail.at.astimezone(self.zone)
            path = folder / f"{at:%Y-%m}" / f"{number:04d}_{at:%Y-%m-%dT%H%M}_{mail.level}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"Date: {at:%a %d %b %Y %H:%M %Z}\nSubject: {mail.title}\n\n{mail.body}\n")

    def _run(self, start: NextStart) -> None:
        waiting = start.command != FLUSH or start.at.hour % 6 == 0  # hourly; four a day tell the same
        ran = self._called(shlex.split(start.command)) if waiting else Ran(0, "", "")
        self.hit.append((start, ran.code))
        today = self.clock.now().astimezone(NEW_YORK).date()
        self.pings += [(today, path.rpartition("/")[2]) for path in self.service.asked]
        self.service.asked.clear()

    def _read_mails(self) -> None:
        """Let a person read the mails of a week and do what they say about breakers and criticals."""
        unread, self.read = self.mails[self.read :], len(self.mails)
        asked = [line for mail in unread for line in mail.body.splitlines() if line.startswith(ACKNOWLEDGE)]
        blocked = any("circuit breaker" in mail.body and RESUME in mail.body for mail in unread)
        for command in (*asked[-1:], *([RESUME] if blocked else [])):
            ran = self._called(shlex.split(command))
            assert ran.code == 0, (command, ran.text)
            self.done_by_person.append(command)

    def _called(self, words: Sequence[str]) -> Ran:
        from live import executor, signal_generator

        flags = ["--config", str(self.user.config)]
        if words[0] == "jutsu":
            return called(lambda: jutsu([*words[1:], *flags]))
        stage = {"live.signal_generator": signal_generator, "live.executor": executor}[words[2]]
        return called(lambda: stage.main([*words[3:], *flags]))

    def deliver_all(
        self, urls: Mapping[str, str], queues: Mapping[str, Sequence[Any]], *, within: float = 0.0
    ) -> Iterator[Outcome]:
        """Stand in for the last step of a mail."""
        del urls, within
        for channel, messages in queues.items():
            for number, message in enumerate(messages):
                self.mails.append(Mail(self.clock.now(), message.level, message.title, message.body))
                yield Outcome(channel, number, "", 0.0)


@contextmanager
def scheduled(
    folder: Path, zone: str, begin: datetime, starts: Callable[[NextStart], bool]
) -> Iterator[ScheduledMachine]:
    """Set a project up on a machine of a zone; everything inside happens at the world's time."""
    user = new_user(folder / "jutsu")
    clock = clocks.WorldClock(begin)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("JUTSU_")}
    with serving() as service, _zone_put_back():
        machine = ScheduledMachine(user, ZoneInfo(zone), clock, service, starts)
        ours = {
            **kept,
            "TZ": zone,
            "JUTSU_PING_URL": service.url,
            "JUTSU_ALERT_MAIL": "mailto://me@example.org",
        }
        with (
            mock.patch.dict(os.environ, ours, clear=True),
            mock.patch.object(live.alerts.delivery, "deliver_all", machine.deliver_all),
            mock.patch.object(live.alerts.outbox, "deliver_all", machine.deliver_all),
            mock.patch.object(live.operations.checks, "crontab", return_value=CRONTAB.format(user.root)),
            clocks.instead_of_the_systems(clock),
        ):
            time.tzset()
            yield machine


@contextmanager
def _zone_put_back() -> Iterator[None]:
    """Take the zone of this machine again when the environment is what it was."""
    try:
        yield
    finally:
        time.tzset()
