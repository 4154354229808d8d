"""One channel hangs, one refuses, one works; a kill at any step loses nothing at the working one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from live.ledger.ledger import Ledger
from tests.support.alert_servers import Webhook, hanging_port, webhook
from tests.support.outbox_kill import TITLES
from tests.support.paths import PROJECT

AT = datetime(2026, 11, 20, 20, 56, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
#: seconds beside delivering, on a machine that has more to do
BESIDE = 4.0
SHORT, REAL = 3.0, 15.0
#: seconds in which a busy machine comes to every step
ENOUGH = 8.0
#: runs after a kill within which everything must be heard
RUNS = 4


@dataclass
class Channels:
    """The servers; `hanging` is None where nothing hangs, so that no run needs its whole time box."""

    good: Webhook
    bad: Webhook
    hanging: int | None

    def run(
        self, folder: Path, at: datetime, *, kill_at: int = 0, within: float = SHORT
    ) -> tuple[int, int, float]:
        """Run the program once; return its exit code, how many steps it took, and their seconds.

        Both are 0 of a run that was killed.
        """
        environ = {name: value for name, value in os.environ.items() if not name.startswith("JUTSU_")}
        environ |= {
            "JUTSU_ALERT_GOOD": self.good.url,
            "JUTSU_ALERT_BAD": self.bad.url,
        }
        if self.hanging is not None:
            environ["JUTSU_ALERT_HANG"] = f"json://127.0.0.1:{self.hanging}/a"
        words = [str(folder), at.isoformat(), f"--kill-at={kill_at}", f"--within={within}"]
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.outbox_kill", *words],
            cwd=PROJECT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
        if done.returncode:
            return done.returncode, 0, 0.0
        printed = json.loads(done.stdout)
        return 0, int(printed["steps"]), float(printed["seconds"])


@pytest.fixture
def channels() -> Iterator[Channels]:
    with webhook() as good, webhook(500) as bad, hanging_port() as hanging:
        yield Channels(good, bad, hanging)


def steps_of(channels: Channels, folder: Path) -> int:
    code, steps, _ = channels.run(folder, AT, within=ENOUGH)
    assert code == 0
    channels.good.messages.clear()
    return steps


def heard(channels: Channels) -> set[str]:
    """Titles that reached the working channel, a late one without its date."""
    return {title.partition(" (from")[0] for title in channels.good.titles}


def killed(channels: Channels, folder: Path, step: int) -> None:
    """Kill a run at a step, run again, and look at what arrived."""
    folder.mkdir()
    code, _, _ = channels.run(folder, AT, kill_at=step, within=ENOUGH)
    assert code == -signal.SIGKILL, f"step {step} was not reached"
    for number in range(RUNS):  # the next run sends what the time box of a busy one left
        code, _, seconds = channels.run(folder, LATER + number * timedelta(minutes=5), within=ENOUGH)
        assert code == 0
        assert seconds < ENOUGH + BESIDE
        if len(heard(channels)) == len(TITLES):
            break
    assert heard(channels) == {title for title, _ in TITLES}, f"killed at step {step}"
    assert all(channels.good.titles.count(title) <= 2 for title, _ in TITLES)
    with Ledger.open(folder / "ledger.db", account="paper", now=LATER) as ledger:
        rows = [row for alert in ledger.alerts.recent() for row in ledger.alerts.deliveries(alert.id)]
        assert len(ledger.alerts.recent()) == len(TITLES)
        assert {row.channel for row in rows if row.delivered_at is not None} == {"good"}
        assert len([row for row in rows if row.channel == "good"]) == len(TITLES)
    channels.good.messages.clear()


def test_the_working_channel_hears_everything_at_once(channels: Channels, tmp_path: Path) -> None:
    code, _, seconds = channels.run(tmp_path, AT)
    assert code == 0
    assert channels.good.titles == ["second", "first", "third"]  # the critical one before the others
    assert seconds < SHORT + BESIDE


def test_a_kill_at_a_step_loses_nothing(tmp_path: Path) -> None:
    """A slice; every step, beside a channel that hangs, is in the long test."""
    with webhook() as good, webhook(500) as bad:
        killed(Channels(good, bad, None), tmp_path / "killed", 20)


@pytest.mark.long
@pytest.mark.timeout(1500)  # every run beside a channel that hangs takes its whole time box
def test_a_kill_at_any_step_loses_nothing(channels: Channels, tmp_path: Path) -> None:
    steps = steps_of(channels, tmp_path)
    assert steps > 40
    for step in range(1, steps - 1):
        killed(channels, tmp_path / f"step_{step}", step)


@pytest.mark.long
def test_a_run_takes_less_than_the_time_box_longer(channels: Channels, tmp_path: Path) -> None:
    code, _, seconds = channels.run(tmp_path, AT, within=REAL)
    assert code == 0
    assert heard(channels) == {title for title, _ in TITLES}
    assert seconds < REAL + BESIDE
