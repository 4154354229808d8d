"""The loop of a container: what is due starts once, a late stage does not, one loop a project."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import LimitError
from live.operations.next_starts import NextStart
from live.operations.schedule import DOCTOR, EXECUTOR, FLUSH, GENERATOR
from live.operations.start_loop import ALIVE, HEARTBEAT, StartLoop, alive, one_loop
from live.system.clock import SimulatedClock

BEGIN = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)


class Program:
    """A child that ends when it is told to."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.waited = False

    def poll(self) -> int | None:
        return self.code

    def wait(self) -> int:
        self.waited = True
        return self.code or 0


class World:
    """A loop over a list of (minute, command), with a clock that runs only while it sleeps."""

    def __init__(self, state: Path, *starts: tuple[float, str], minutes: float = 30) -> None:
        self.starts = [NextStart(BEGIN + timedelta(minutes=m), c) for m, c in starts]
        self.clock = SimulatedClock(BEGIN)
        self.started: list[tuple[float, str]] = []
        self.said: list[str] = []
        self.children: list[Program] = []
        self.code: int | None = 0
        self.until = BEGIN + timedelta(minutes=minutes)
        self.loop = StartLoop(self.clock, self.coming, self.start, state, self.stopped, self.said.append)

    def coming(self, after: datetime) -> Iterator[NextStart]:
        yield from (s for s in self.starts if s.at > after)
        yield NextStart(BEGIN + timedelta(days=99), DOCTOR)

    def start(self, command: str) -> Program:
        child = Program()
        child.code = self.code
        self.children.append(child)
        self.started.append(((self.clock.now() - BEGIN).total_seconds() / 60, command))
        return child

    def stopped(self) -> bool:
        return self.clock.now() >= self.until


def test_programs_start_at_their_minute_and_the_heart_beats(tmp_path: Path) -> None:
    world = World(tmp_path, (5, GENERATOR), (25, EXECUTOR), (25, FLUSH))
    world.loop.run()
    assert world.started == [(5, GENERATOR), (25, EXECUTOR), (25, FLUSH)]
    beat = json.loads((tmp_path / HEARTBEAT).read_text())
    at = datetime.fromisoformat(beat["at"])
    assert at >= world.until - timedelta(seconds=30), "it never sleeps longer than half a minute"
    assert alive(tmp_path, at + ALIVE)
    assert not alive(tmp_path, at + ALIVE + timedelta(seconds=1))


def test_a_machine_that_slept_makes_up_for_everything_but_a_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, (5, EXECUTOR), (5, FLUSH), (10, FLUSH), (15, FLUSH), (21, GENERATOR), minutes=30)
    nap = world.clock.sleep
    monkeypatch.setattr(
        world.clock, "sleep", lambda seconds: nap(22 * 60 if world.clock.now() == BEGIN else seconds)
    )
    world.loop.run()
    assert world.started == [(22, FLUSH), (22, GENERATOR)], "one flush; a stage a minute late is in time"
    assert f"{EXECUTOR}: 17 min late, not started" in world.said


def test_a_program_that_still_runs_is_not_started_again(tmp_path: Path) -> None:
    world = World(tmp_path, (5, DOCTOR), (10, DOCTOR), (12, FLUSH))
    world.code = None
    world.loop.run()
    assert world.started == [(5, DOCTOR), (12, FLUSH)]
    assert any("still runs" in text for text in world.said)
    assert all(child.waited for child in world.children), "what runs is waited for at the end"


def test_exit_codes_and_missing_programs_are_said(tmp_path: Path) -> None:
    world = World(tmp_path, (5, DOCTOR), (10, FLUSH))
    world.code = 6
    start = world.loop.start

    def missing(command: str) -> Any:
        if command == FLUSH:
            raise FileNotFoundError(2, "No such file or directory")
        return start(command)

    world.loop.start = missing
    world.loop.run()
    assert f"{DOCTOR}: exit 6" in world.said
    assert f"{FLUSH}: cannot be started: No such file or directory" in world.said


def test_a_clock_that_is_set_back_starts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, (5, EXECUTOR), minutes=20)
    nap = world.clock.sleep
    turned: list[bool] = []

    def sleep(seconds: float) -> None:
        nap(seconds)
        if not turned and world.started:
            turned.append(True)
            world.clock.set(BEGIN + timedelta(minutes=1))

    monkeypatch.setattr(world.clock, "sleep", sleep)
    world.loop.run()
    assert world.started == [(5, EXECUTOR)]


def test_a_full_disk_stops_no_start(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    world = World(tmp_path / "state", (5, EXECUTOR))
    world.loop.run()
    assert world.started == [(5, EXECUTOR)]


def test_one_loop_of_a_project(tmp_path: Path) -> None:
    with one_loop(tmp_path), pytest.raises(LimitError, match="at work"), one_loop(tmp_path):
        pass
    with one_loop(tmp_path):
        (tmp_path / HEARTBEAT).write_text("{}")
    assert not (tmp_path / HEARTBEAT).exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"at": 1}', '{"at": "yesterday"}'])
def test_a_damaged_heartbeat_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / HEARTBEAT).write_text(text)
    assert not alive(tmp_path, BEGIN)
