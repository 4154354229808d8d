"""Kill the split run anywhere: a rotation placed before the open and polled after it ends the same."""

import os
import tempfile
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from live.system.clock import SimulatedClock
from tests.support.exec_world import NEW_YORK, ScriptedFeed, StubStrategy, World, bars, order, signal
from tests.support.inherited import in_child
from tests.support.paper_kills import Fuse, FusedBroker, fuse_commits

FIRST, SECOND = date(2025, 3, 5), date(2025, 3, 6)
STRATEGY = StubStrategy(execution_time="open", parameters={"stop_loss_pct": 10.0, "max_positions": 2})
TIMETABLE = (("place", "09:20"), ("place", "09:22"), ("poll", "09:31"), ("poll", "09:32"), ("poll", "09:34"))
BOUGHT = [
    order("AAA", "entry", 100, 100.0, stop=90.0, rank=2.0, day=FIRST),
    order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0, day=FIRST),
]
ROTATION = [
    order("AAA", "exit", 100, 100.0, day=SECOND),
    order("CCC", "entry", 200, 20.0, stop=18.0, rank=1.0, day=SECOND),
]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill harness forks")


def world(folder: Path, day: date, clock: str) -> World:
    flat = {FIRST: (100.0, 100.0, 100.0, 100.0), SECOND: (100.0, 100.0, 100.0, 100.0)}
    half = {FIRST: (50.0, 50.0, 50.0, 50.0), SECOND: (50.0, 50.0, 50.0, 50.0)}
    feed = ScriptedFeed(prices={"AAA": 100.0, "BBB": 50.0, "CCC": 20.0})
    feed.daily = {"AAA": bars("AAA", flat), "BBB": bars("BBB", half)}
    at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)
    return World(folder, feed, SimulatedClock(at))


def prepare(folder: Path) -> bool:
    """Both places taken on the first day; the second day's file rotates AAA out for CCC."""
    made = world(folder, FIRST, "09:31")
    made.write(signal(BOUGHT, day=FIRST, strategy=STRATEGY))
    made.executor(strategy=STRATEGY)
    made.ledger.close()
    held = {"AAA": 100, "BBB": 100}
    world(folder, SECOND, "09:00").write(
        signal(ROTATION, day=SECOND, positions=held, cash=85_000.0, strategy=STRATEGY)
    )
    return True


def run_once(folder: Path, number: int, kill_at: int | None) -> dict[str, Any]:
    """One row of the timetable in this (forked) process."""
    phase, clock = TIMETABLE[number]
    fuse, log = Fuse(kill_at), folder / "killed_at"
    made = world(folder, SECOND, clock)
    made.wrap = lambda broker: FusedBroker(broker, fuse, log)
    runtime = made.open()
    fuse_commits(fuse, log)
    with mock.patch.object(made, "open", return_value=runtime):
        return {"code": made.executor(strategy=STRATEGY, phase=phase), "steps": fuse.count}


def verdict(folder: Path) -> list[str]:
    """Compare broker and ledger at the end; every line is something wrong."""
    made = world(folder, SECOND, "10:00")
    runtime = made.open()
    now = runtime.clock.now()
    shown = runtime.broker.orders(now - timedelta(days=5), now)
    orders = sorted(
        (o.symbol, o.side, o.quantity, o.filled_quantity) for o in shown if o.order_type == "market"
    )
    wrong = []
    if orders != [
        ("AAA", "buy", 100, 100),
        ("AAA", "sell", 100, 100),
        ("BBB", "buy", 100, 100),
        ("CCC", "buy", 200, 200),
    ]:
        wrong.append(f"orders: {orders}")
    if not runtime.broker.account().shares() == runtime.ledger.positions.shares() == {"BBB": 100, "CCC": 200}:
        wrong.append(f"positions: {runtime.broker.account().shares()} {runtime.ledger.positions.shares()}")
    stops = {o.symbol: o.quantity for o in shown if o.order_type == "stop" and not o.state.terminal}
    if stops != {"BBB": 100, "CCC": 200} or runtime.ledger.positions.unprotected():
        wrong.append(f"stops: {stops}")
    if runtime.ledger.state.kill_level() != "none":
        wrong.append(f"kill switch: {runtime.ledger.state.kill_switch().reason}")
    if runtime.ledger.cash.estimate().cash != runtime.broker.account().cash:
        wrong.append("cash differs")
    return wrong


def play(template: Path, killed: int, at: int | None) -> tuple[bool, list[str], list[int]]:
    """Run the timetable; kill row `killed` at step `at` (the row after it is its second try)."""
    import shutil

    with tempfile.TemporaryDirectory(prefix="kills_") as name:
        folder, answer = Path(name) / "w", Path(name) / "answer"
        shutil.copytree(template, folder)
        died = False
        steps: list[int] = []
        for number in range(len(TIMETABLE)):
            kill_at = at if number == killed else None
            status, result = in_child(partial(run_once, folder, number, kill_at), answer)
            if os.WIFSIGNALED(status):
                died = True
            elif result is None:
                return died, [answer.with_suffix(".error").read_text()], steps
            elif result["code"] != 0:
                return died, [f"exit code {result['code']} in row {number}"], steps
            steps.append(0 if result is None else result["steps"])
        _, wrong = in_child(lambda: verdict(folder), answer)
        return died, ["no verdict"] if wrong is None else wrong, steps


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills") / "w"
    folder.mkdir()
    status, _ = in_child(lambda: prepare(folder), folder.parent / "answer")
    assert status == 0, (folder.parent / "answer.error").read_text()
    return folder


@pytest.fixture(scope="module")
def steps(template: Path) -> list[int]:
    died, wrong, counted = play(template, -1, None)
    assert (died, wrong) == (False, [])
    return counted


def kill_at_every(template: Path, row: int, points: range) -> None:
    assert len(points) > 1
    for at in points:
        died, wrong, _ = play(template, row, at)
        assert died
        assert wrong == [], f"killed in {TIMETABLE[row]} at step {at}"


@pytest.mark.parametrize("row", [0, 2])
def test_killed_here_and_there_the_rotation_ends_the_same(template: Path, steps: list[int], row: int) -> None:
    kill_at_every(template, row, range(3 + row, steps[row] + 1, steps[row] // 3))


@pytest.mark.long
@pytest.mark.parametrize("row", [0, 2])
def test_killed_anywhere_the_rotation_ends_the_same(template: Path, steps: list[int], row: int) -> None:
    kill_at_every(template, row, range(1, steps[row] + 1))
