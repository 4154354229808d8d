"""A person who follows only messages: each bad morning ends well by the commands that its message names.

The transcript is a reviewed file: `JUTSU_WRITE_GOLDEN=1` writes it anew.
"""

from __future__ import annotations

import io
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.alerts import delivery
from live.operations.checks import MEGABYTE
from tests.simulation.clock import WorldClock, instead_of_the_systems
from tests.support.alert_servers import Webhook, webhook
from tests.support.paths import PROJECT
from tests.support.user_world import Ran, User, called, jutsu, new_user

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
GOLDEN = PROJECT / "tests" / "golden" / "bad_mornings.txt"
COMMAND = re.compile(r"^`?(jutsu [a-z][^`;,\n]*)`?", re.MULTILINE)
QUOTED = re.compile(r"`((?:jutsu|python -m live\.)[^`]+)`")
STAGE = "python -m live."


@dataclass
class Morning:
    """A project, its clock, the person's phone, and what was written down of both."""

    user: User
    clock: WorldClock
    phone: Webhook
    lines: list[str] = field(default_factory=list)
    read: int = 0

    def go_to(self, text: str) -> None:
        self.clock.go_to(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK))
        self.lines.append(f"[{text}]")

    def runs(self, name: str, body: Callable[[], Ran]) -> Ran:
        """Run a program and write down its exit code and the messages it caused."""
        ran = body()
        self.lines.append(f"$ {name} -> {ran.code}")
        for message in self.phone.messages[self.read :]:
            self.lines += [f"  ! {message['title']}", *(f"    {x}" for x in message["message"].splitlines())]
        self.read = len(self.phone.messages)
        return ran

    def stage(self, name: str) -> Ran:
        body = self.user.generate if name == "signal_generator" else self.user.execute
        return self.runs(f"{STAGE}{name}", lambda: body(None))

    def killed(self, name: str, at: str) -> Ran:
        """Run a stage in a process of its own that is killed with -9 when it calls `at`."""
        body = self.user.generate if name == "signal_generator" else self.user.execute

        def lives_shortly() -> Ran:
            child = os.fork()
            if child == 0:
                with mock.patch(at, side_effect=lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)):
                    body(None)
                os._exit(0)
            return Ran(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "", "")

        return self.runs(f"{STAGE}{name}", lives_shortly)

    def follow(self, *, containing: str = "") -> Ran:
        """Do what the newest message says: run the command that it names."""
        text = self.phone.messages[-1]["message"]
        named = [*QUOTED.findall(text), *COMMAND.findall(text)]
        command = next(words for words in named if containing in words)
        if command.startswith(STAGE):
            return self.stage(command.removeprefix(STAGE))
        return self.runs(command, lambda: self.command(command))

    def command(self, text: str) -> Ran:
        words = text.split()[1:]
        return called(lambda: jutsu([*words, "--config", str(self.user.config)]))


@pytest.fixture
def morning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Morning]:
    monkeypatch.setattr(delivery, "_HANGING", set())
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 20))  # yes to every question
    clock = WorldClock(datetime(2026, 11, 16, 9, tzinfo=NEW_YORK))
    user = new_user(tmp_path / "jutsu")
    with webhook() as phone, instead_of_the_systems(clock):
        monkeypatch.setenv("JUTSU_ALERT_PHONE", phone.url)
        yield Morning(user, clock, phone)


def a_good_day(morning: Morning, day: str) -> None:
    morning.go_to(f"{day}T15:36")
    assert morning.stage("signal_generator").code == 0
    morning.go_to(f"{day}T15:56")
    assert morning.stage("executor").code == 0


def file_not_approved(morning: Morning) -> None:
    morning.user.set(approval={"policy": "required"})
    morning.go_to("2026-11-16T15:36")
    assert morning.stage("signal_generator").code == 0
    assert morning.follow(containing="approve").code == 0
    morning.go_to("2026-11-16T15:56")
    assert morning.stage("executor").code == 0


def cash_jump(morning: Morning) -> None:
    a_good_day(morning, "2026-11-16")
    with closing(sqlite3.connect(morning.user.paper)) as raw, raw:
        raw.execute("update account set cash = cash - 9000")
    morning.go_to("2026-11-17T15:36")
    assert morning.stage("signal_generator").code == 4
    assert morning.follow(containing="--adopt").code == 0
    assert morning.stage("signal_generator").code == 0
    morning.go_to("2026-11-17T15:56")
    assert morning.stage("executor").code == 0


def ledger_damaged(morning: Morning) -> None:
    a_good_day(morning, "2026-11-16")
    morning.user.db.write_bytes(b"no ledger" * 1000)
    morning.go_to("2026-11-17T15:36")
    assert morning.stage("signal_generator").code == 8
    assert morning.follow(containing="recover").code == 0
    assert morning.stage("signal_generator").code == 0
    assert morning.follow(containing="resume").code == 0
    morning.go_to("2026-11-17T15:56")
    assert morning.stage("executor").code == 0


def machine_off(morning: Morning) -> None:
    a_good_day(morning, "2026-11-16")
    morning.go_to("2026-11-20T15:36")
    assert morning.stage("signal_generator").code == 0
    assert morning.follow(containing="runs").code == 0
    morning.go_to("2026-11-20T15:56")
    assert morning.stage("executor").code == 0


def disk_full(morning: Morning) -> None:
    a_good_day(morning, "2026-11-16")
    morning.go_to("2026-11-17T15:36")
    with mock.patch("shutil.disk_usage", return_value=SimpleNamespace(free=10 * MEGABYTE)):
        assert morning.stage("signal_generator").code == 7
    morning.lines.append("(a person frees space)")
    assert morning.follow(containing="signal_generator").code == 0
    morning.go_to("2026-11-17T15:56")
    assert morning.stage("executor").code == 0


def generator_killed(morning: Morning) -> None:
    a_good_day(morning, "2026-11-16")
    morning.go_to("2026-11-17T15:36")
    assert morning.killed("signal_generator", "live.signal_generator.write_signal").code == -signal.SIGKILL
    morning.go_to("2026-11-17T15:56")
    assert morning.stage("executor").code != 0
    assert morning.follow(containing="signal_generator").code == 0
    assert morning.stage("executor").code == 0


MORNINGS = (
    file_not_approved,
    cash_jump,
    ledger_damaged,
    machine_off,
    disk_full,
    generator_killed,
)


def masked(lines: list[str], root: Path) -> str:
    text = "\n".join(lines).replace(str(root), "<project>")
    return re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", text)


@pytest.mark.parametrize("body", MORNINGS)
def test_a_bad_morning_ends_well(morning: Morning, body: Callable[[Morning], None]) -> None:
    body(morning)
    made = f"== {body.__name__.replace('_', ' ')}\n{masked(morning.lines, morning.user.root)}\n"
    if os.environ.get("JUTSU_WRITE_GOLDEN"):
        with GOLDEN.open("a", encoding="utf-8") as file:
            file.write(f"{made}\n")
    assert made in GOLDEN.read_text(encoding="utf-8")
