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
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.alerts import delivery
from live.operations.checks import MEGABYTE
from tests.fakes.demo import load_demo
from tests.fakes.schwab.harness import ENVIRON, FakeSchwab
from tests.simulation.clock import WorldClock, instead_of_the_systems
from tests.support.alert_servers import Webhook, webhook
from tests.support.earnings_world import new_trader
from tests.support.paths import PROJECT
from tests.support.user_world import Ran, User, new_user

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
    moved: Callable[[], None] = lambda: None

    def go_to(self, text: str) -> None:
        self.clock.go_to(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK))
        self.moved()
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
        return self.jutsu(command)

    def jutsu(self, command: str) -> Ran:
        return self.runs(command, lambda: self.user.jutsu(*command.split()[1:]))


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
    assert morning.killed("signal_generator", "live.generation.hand_off.write_signal").code == -signal.SIGKILL
    morning.go_to("2026-11-17T15:56")
    assert morning.stage("executor").code != 0
    assert morning.follow(containing="signal_generator").code == 0
    assert morning.stage("executor").code == 0


def red_day(morning: Morning) -> None:
    morning.user.set(execution={"slippage_pct": 0.8})
    a_good_day(morning, "2026-11-16")
    morning.go_to("2026-11-16T16:15")
    assert morning.jutsu("jutsu validate").code == 4
    assert morning.follow(containing="explain").code == 0
    assert morning.follow(containing="kill").code == 0
    assert morning.follow(containing="resume").code == 0
    a_good_day(morning, "2026-11-17")
    morning.go_to("2026-11-17T16:15")
    assert morning.jutsu("jutsu validate").code == 0


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """The machine's clock is set to a zone."""
    with mock.patch.dict(os.environ, {"TZ": zone}):
        time.tzset()
        yield
    time.tzset()


def wrong_time_zone(morning: Morning) -> None:
    installed = [""]

    def crontab(_: str, *words: str, given: str | None = None, quiet: bool = True) -> SimpleNamespace:
        del quiet
        if words == ("-",):
            installed[0] = given or ""
        return SimpleNamespace(returncode=0, stdout=installed[0])

    with mock.patch("live.operations.crontab.run_program", crontab):
        with machine_in("America/New_York"):
            assert morning.jutsu("jutsu schedule --install").code == 0
            a_good_day(morning, "2026-11-16")
            assert morning.jutsu("jutsu doctor --alert").code == 0
        morning.lines.append("(the machine moves to Berlin)")
        with machine_in("Europe/Berlin"):
            morning.go_to("2026-11-17T00:00")
            assert morning.jutsu("jutsu doctor --alert").code == 1
            assert morning.follow(containing="--install").code == 0
            assert morning.jutsu("jutsu doctor --alert").code == 0
            assert "35 21 * " in installed[0]
            a_good_day(morning, "2026-11-17")


def naked_position(morning: Morning) -> None:
    trader = new_trader(morning.user.root.parent / "stocks", "AAA")
    folder = trader.report("2026-02-02", "AAA").parent
    trader.user.set(books=[{"primary": "ema_p10", "budget_pct": 100, "reports": str(folder)}])
    morning.user = trader.user
    morning.clock.true = datetime(2026, 2, 2, 9, tzinfo=NEW_YORK)
    morning.go_to("2026-02-02T09:15")
    assert morning.stage("signal_generator").code == 0
    morning.go_to("2026-02-02T09:31")
    assert morning.stage("executor").code == 0
    morning.lines.append("(the broker cancels the stop)")
    trader.cancel_by_hand("2026-02-02T12:00", "AAA")
    morning.go_to("2026-02-02T16:15")
    assert morning.jutsu("jutsu validate").code == 0
    morning.go_to("2026-02-02T18:00")
    assert morning.jutsu("jutsu doctor --alert").code == 1
    assert trader.stops("2026-02-02T18:00") == {}
    assert morning.follow(containing="executor").code == 0
    assert morning.jutsu("jutsu doctor --alert").code == 0
    assert trader.stops("2026-02-02T18:00") == {"AAA": (100, Decimal(90))}


def pasted(_question: str, **_: Any) -> str:
    """What a person pastes after the browser: the address with the state of the one that was shown."""
    shown = sys.stdout.getvalue()  # a program's text is caught
    (state,) = re.findall(r"state=([^&\s]+)", shown)
    return f"https://127.0.0.1:8182/?code=FAKECODE1&state={state}"


def token_dead(morning: Morning) -> None:
    with FakeSchwab(morning.clock.now(), ticking=False) as fake:
        load_demo(fake.app.market)
        fake.write_token(morning.user.root / "state" / "schwab_token.json")
        morning.user.set(data={"source": "schwab"}, broker={"schwab": {"base_url": fake.url}})
        morning.moved = lambda: fake.clock(at=morning.clock.now().isoformat())
        with mock.patch.dict(os.environ, ENVIRON), mock.patch("typer.prompt", pasted):
            a_good_day(morning, "2026-11-16")
            morning.go_to("2026-11-24T15:36")
            assert morning.stage("signal_generator").code == 6
            assert morning.follow(containing="auth login").code == 0
            assert morning.follow(containing="signal_generator").code == 0
            morning.go_to("2026-11-24T15:56")
            assert morning.stage("executor").code == 0


MORNINGS = (
    file_not_approved,
    cash_jump,
    ledger_damaged,
    machine_off,
    disk_full,
    generator_killed,
    red_day,
    wrong_time_zone,
    naked_position,
    token_dead,
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
