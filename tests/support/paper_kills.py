"""Kill the executor everywhere and count what the broker has: one order per intent, nothing lost.

Every run is a process of its own (forked, so that a thousand of them take minutes) and is killed with SIGKILL
at one step: before and after every broker call, before and after every commit of the ledger and of the paper
account. Then it is run again until it ends. Where the protocol asks for a person (exit code 8, brokers
without client order ids) the harness plays that person: it looks at the broker and resolves the order.

    python -m tests.support.paper_kills --every 1 --random 1000
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal as signals
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from live.brokers.paper.broker import PaperBroker
from tests.support.exec_world import AT, DAY, NEXT_DAY, World, bars, order, signal, world
from tests.support.inherited import in_child, inherit, loaded
from tests.support.kill_log import KillLog, add_arguments, of_shard

BROKER_CALLS = ("account", "orders", "order", "find", "submit", "cancel")
MAX_RUNS = 8


class Fuse:
    """Counts steps and kills this process at the chosen one."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.count = 0
        self.last = ""

    def step(self, name: str, log: Path | None = None) -> None:
        self.count += 1
        if self.at is not None and self.count == self.at:
            if log is not None:
                log.write_text(name)
            os.kill(os.getpid(), signals.SIGKILL)


class FusedBroker:
    """The broker with a fuse before and after every call."""

    def __init__(self, inner: PaperBroker, fuse: Fuse, log: Path) -> None:
        self._inner, self._fuse, self._log = inner, fuse, log

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in BROKER_CALLS:
            return found

        def call(*args: Any) -> Any:
            self._fuse.step(f"before broker.{name}", self._log)
            try:
                return found(*args)
            finally:
                self._fuse.step(f"after broker.{name}", self._log)

        return call


def fuse_commits(fuse: Fuse, log: Path) -> None:
    """Put the fuse around every outermost commit of both databases."""
    from live.brokers.paper.store import PaperStore
    from live.ledger.database import Database

    for kind, name in ((Database, "ledger"), (PaperStore, "account")):
        setattr(kind, "transaction", _fused(kind.transaction, fuse, log, name))  # noqa: B010 - mypy


def _fused(original: Any, fuse: Fuse, log: Path, name: str) -> Any:
    depth = [0]

    @contextmanager
    def transaction(self: Any) -> Iterator[Any]:
        depth[0] += 1
        try:
            with original(self) as opened:
                yield opened
                if depth[0] == 1:
                    fuse.step(f"before {name} commit", log)
            if depth[0] == 1:
                fuse.step(f"after {name} commit", log)
        finally:
            depth[0] -= 1

    return transaction


@dataclass(frozen=True)
class Scenario:
    """A situation in which the executor is killed."""

    name: str
    honours_client_id: bool
    attached: bool
    fault: str = "none"
    limited: bool = False

    @property
    def key(self) -> str:
        protocol = "A" if self.honours_client_id else "B"
        kind = f"{'' if self.attached else '/no-oto'}{'/limit' if self.limited else ''}"
        return f"{self.name}/{protocol}{kind}/{self.fault}"

    @property
    def buys(self) -> str:
        """What the broker calls this scenario's buys."""
        return "limit" if self.limited else "market"

    def orders(self, rows: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
        """Orders of a file, its buys limited or not."""
        if not self.limited:
            return rows
        return [o | ({"order_type": "marketable_limit"} if o["side"] == "buy" else {}) for o in rows]

    def world(self, folder: Path, minutes: int) -> World:
        at = AT + timedelta(minutes=minutes)
        made = world(
            folder,
            honours_client_id=self.honours_client_id,
            attached=self.attached,
            fault=self.fault,
        )
        if self.name != "enter":
            at += timedelta(days=1)
            low = 89.0 if self.name == "stopped" else 99.0
            made.feed.daily = {
                "AAA": bars("AAA", {DAY: (100.0, 100.0, 100.0, 100.0), NEXT_DAY: (100.0, 100.0, low, 100.0)}),
                "BBB": bars("BBB", {DAY: (50.0, 50.0, 50.0, 50.0)}),
            }
            made.feed.lows = {"AAA": low}
        made.clock.set(at)
        return made

    def prepare(self, folder: Path) -> None:
        """Bring the files to the state before the run that will be killed."""
        first = replace(self, name="enter", fault="none")
        made = first.world(folder, 0)
        made.write(signal(self.orders(ENTRIES)))
        if self.name == "enter":
            return
        made.executor()
        made.ledger.close()
        later = self.world(folder, 0)
        held = {"AAA": 100, "BBB": 100}
        later.write(signal(self.orders(TURNOVER), day=NEXT_DAY, positions=held, cash=85_000.0))


ENTRIES = [
    order("AAA", "entry", 100, 100.0, stop=90.0, rank=2.0),
    order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0),
]
TURNOVER = [
    order("AAA", "exit", 100, 100.0, day=NEXT_DAY),
    order("BBB", "reduce", 40, 50.0, day=NEXT_DAY),
    order("CCC", "entry", 200, 20.0, stop=18.0, rank=1.0, day=NEXT_DAY),
]
EXPECTED = {
    "enter": {"AAA": 100, "BBB": 100},
    "turn": {"BBB": 60, "CCC": 200},
    "stopped": {"BBB": 60, "CCC": 200},
}
SCENARIOS = tuple(
    Scenario(name, client_id, attached, fault)
    for name in ("enter", "turn", "stopped")
    for client_id in (True, False)
    for attached, fault in ((True, "none"), (False, "none"), (True, "lost_reply"))
) + tuple(
    Scenario(name, client_id, attached=True, fault=fault, limited=True)
    for name, fault in (("enter", "none"), ("turn", "none"), ("turn", "lost_reply"), ("enter", "slow"))
    for client_id in (True, False)
)


def run_once(scenario: Scenario, folder: Path, minutes: int, kill_at: int | None) -> dict[str, Any]:
    """Run stage 2 in this process; the caller has forked it."""
    from backtest.core.errors import JutsuError

    fuse, log = Fuse(kill_at), folder / "killed_at"
    made = scenario.world(folder, minutes)
    made.wrap = lambda broker: FusedBroker(broker, fuse, log)
    runtime = made.open()
    fuse_commits(fuse, log)
    setattr(made, "open", lambda: runtime)  # noqa: B010 - mypy
    try:
        code = made.executor()
    except JutsuError as error:
        code = error.exit_code
        (folder / "why").write_text(error.line())
    return {"code": code, "steps": fuse.count, "modules": loaded()}


def person(scenario: Scenario, folder: Path, minutes: int) -> list[str]:
    """Do what exit code 8 asks for: look at the broker, adopt or declare absent."""
    from live.orders.matching import differences, request_of
    from live.orders.resolve import declare_absent, declare_adopted

    runtime = scenario.world(folder, minutes).open()
    done = []
    for row in runtime.ledger.orders.unresolved():
        bound = runtime.ledger.orders.bound_broker_ids() | set(row.ids_before or ())
        assert row.sent_at is not None
        listed = runtime.broker.orders(row.sent_at - timedelta(minutes=5), runtime.clock.now())
        mine = [o for o in listed if o.order_id not in bound and not differences(request_of(row), o)]
        if mine:
            declare_adopted(
                runtime.ledger,
                runtime.broker,
                runtime.clock,
                row.client_order_id,
                mine[0].order_id,
                by="harness",
            )
        else:
            declare_absent(runtime.ledger, row.client_order_id, by="harness", at=runtime.clock.now())
        done.append(row.client_order_id)
    return done


def verdict(scenario: Scenario, folder: Path, *, person_asked: bool) -> list[str]:
    """Compare both sides at the end; every string is something wrong.

    A stop whose fate only a person could tell blocked entries meanwhile, until that person resumes.
    """
    made = scenario.world(folder, MAX_RUNS)
    runtime = made.open()
    now = runtime.clock.now()
    shown = runtime.broker.orders(now - timedelta(days=30), now)
    wrong = []
    sold_by_stop = {"AAA"} if scenario.name == "stopped" else set()
    wanted = {(o["symbol"], o["side"]): o["quantity"] for o in ENTRIES}
    if scenario.name != "enter":
        more = {(o["symbol"], o["side"]): o["quantity"] for o in TURNOVER if o["symbol"] not in sold_by_stop}
        wanted |= more
    for (symbol, side), quantity in wanted.items():
        kind = scenario.buys if side == "buy" else "market"
        got = [o for o in shown if (o.symbol, o.side, o.order_type) == (symbol, side, kind)]
        if len(got) != 1 or got[0].filled_quantity != quantity:
            wrong.append(
                f"{side} {symbol}: {[(o.quantity, o.filled_quantity) for o in got]}, wanted {quantity}"
            )
    extra = [o for o in shown if o.order_type != "stop" and (o.symbol, o.side) not in wanted]
    wrong.extend(f"never asked for: {o.side} {o.quantity} {o.symbol}" for o in extra)
    theirs = sorted(e.execution_id for o in shown for e in o.executions)
    ours = sorted(e.execution_id for e in runtime.ledger.executions.since(now - timedelta(days=30)))
    if theirs != ours:
        wrong.append(f"executions: broker {theirs}, ledger {ours}")
    account = runtime.broker.account()
    if not account.shares() == runtime.ledger.positions.shares() == EXPECTED[scenario.name]:
        wrong.append(f"positions: broker {account.shares()}, ledger {runtime.ledger.positions.shares()}")
    estimate = runtime.ledger.cash.estimate()
    if estimate is None or estimate.cash != account.cash:
        wrong.append(f"cash: broker {account.cash}, ledger {estimate}")
    alive = [o for o in shown if not o.state.terminal]
    stops = sorted((o.symbol, o.quantity, o.order_id) for o in alive if o.order_type == "stop")
    kept = sorted(
        (p.symbol, p.quantity, p.stop_broker_order_id) for p in runtime.ledger.positions.open_positions()
    )
    if stops != kept or len(alive) != len(stops):
        wrong.append(f"stops: broker {stops}, ledger {kept}, alive {len(alive)}")
    if runtime.ledger.orders.unfinished() and {o.intent for o in runtime.ledger.orders.unfinished()} != {
        "stop"
    }:
        wrong.append(f"unfinished: {[o.client_order_id for o in runtime.ledger.orders.unfinished()]}")
    switch = runtime.ledger.state.kill_switch()
    by_design = person_asked and switch.level == "entries" and "NO STOP" in switch.reason
    if switch.level != "none" and not by_design:
        wrong.append(f"kill switch: {switch.reason}")
    return wrong


@dataclass
class Point:
    """One killed run and what became of it."""

    scenario: Scenario
    steps: tuple[int, ...]
    where: str = ""
    runs: int = 0
    persons: int = 0
    killed: int = 0
    wrong: tuple[str, ...] = ()


def try_point(scenario: Scenario, template: Path, kills: tuple[int, ...]) -> Point:
    """Kill at each of `kills` in turn (one run each), then run until it ends, then judge."""
    point = Point(scenario, kills)
    with tempfile.TemporaryDirectory(prefix="kills_") as name:
        folder = Path(name) / "w"
        shutil.copytree(template, folder)
        answer = Path(name) / "answer"
        for minute in range(MAX_RUNS):
            kill_at = kills[minute] if minute < len(kills) else None
            status, result = in_child(partial(run_once, scenario, folder, minute, kill_at), answer)
            point.runs += 1
            if os.WIFSIGNALED(status):
                point.killed += 1
                point.where = point.where or (folder / "killed_at").read_text()
                continue
            if result is None:
                point.wrong = ("crash: " + answer.with_suffix(".error").read_text(),)
                return point
            if result["code"] == 8:
                _, solved = in_child(partial(person, scenario, folder, minute), answer)
                point.persons += 1
                if not solved:
                    point.wrong = ("exit 8 and nothing to resolve: " + (folder / "why").read_text(),)
                    return point
                continue
            if result["code"] != 0:
                point.wrong = (f"exit code {result['code']}: {(folder / 'why').read_text()}",)
                return point
            if kill_at is None:
                break
        else:
            point.wrong = ("it never ended",)
            return point
        _, wrong = in_child(lambda: verdict(scenario, folder, person_asked=point.persons > 0), answer)
        if wrong is None:
            wrong = ["verdict: " + answer.with_suffix(".error").read_text()]
        point.wrong = tuple(wrong)
    return point


def tried(scenario: Scenario, template: Path, kills: tuple[int, ...], log: KillLog) -> Point:
    """Return a point: as the log has it, else tried and logged."""
    job = f"{scenario.key} {kills}"
    if job in log.done:
        kept = log.done[job]
        return Point(scenario, kills, **{**kept, "wrong": tuple(kept["wrong"])})
    point = try_point(scenario, template, kills)
    log.add(job, {name: getattr(point, name) for name in ("where", "runs", "persons", "killed", "wrong")})
    return point


def count_steps(scenario: Scenario, template: Path) -> int:
    """Return how many steps an undisturbed run has."""
    with tempfile.TemporaryDirectory(prefix="kills_") as name:
        folder = Path(name) / "w"
        shutil.copytree(template, folder)
        answer = Path(name) / "answer"
        _, result = in_child(lambda: run_once(scenario, folder, 0, None), answer)
        if result is None or result["code"] != 0:
            raise SystemExit(f"{scenario.key}: the undisturbed run failed: {result}")
        inherit(result["modules"])
        return int(result["steps"])


def table(points: list[Point]) -> str:
    """Return the table of points, faults and outcomes."""
    rows: dict[tuple[str, str], Counter[str]] = {}
    for point in points:
        counter = rows.setdefault((point.scenario.key, point.where or "not reached"), Counter())
        counter["points"] += 1
        counter["person"] += bool(point.persons)
        counter["wrong"] += bool(point.wrong)
    lines = [f"{'scenario':32} {'killed':26} {'points':>6} {'person':>6} {'wrong':>6}"]
    for (key, where), counter in sorted(rows.items()):
        lines.append(f"{key:32} {where:26} {counter['points']:6} {counter['person']:6} {counter['wrong']:6}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1, help="kill at every n-th step, once; 0: none")
    parser.add_argument("--random", type=int, default=1000, help="points with up to three kills in a row")
    parser.add_argument("--seed", type=int, default=20250305)
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    add_arguments(parser)
    args = parser.parse_args()
    began = time.monotonic()
    jobs: list[tuple[Scenario, tuple[int, ...]]] = []
    log, scenarios = KillLog(args.log), [scenario for scenario in SCENARIOS if args.only in scenario.key]
    with tempfile.TemporaryDirectory(prefix="kills_") as name:
        templates, steps = {}, {}
        for scenario in scenarios:
            template = templates[scenario] = Path(name) / scenario.key.replace("/", "_")
            template.mkdir()
            status, _ = in_child(partial(scenario.prepare, template), Path(name) / "answer")
            if status:
                raise SystemExit((Path(name) / "answer.error").read_text())
            steps[scenario] = count_steps(scenario, template)
        if args.every:
            for number, scenario in enumerate(scenarios):
                for at in range(
                    1 + number * args.every // len(scenarios) % steps[scenario],
                    steps[scenario] + 1,
                    args.every,
                ):
                    jobs.append((scenario, (at,)))
        chance = random.Random(args.seed)
        for _ in range(args.random):
            scenario = chance.choice(scenarios)
            kills = tuple(chance.randint(1, steps[scenario]) for _ in range(chance.randint(1, 3)))
            jobs.append((scenario, kills))
        points = [
            tried(scenario, templates[scenario], kills, log) for scenario, kills in of_shard(jobs, args.shard)
        ]
    print(table(points))
    bad = [point for point in points if point.wrong]
    for point in bad[:20]:
        print(f"WRONG {point.scenario.key} killed at {point.steps} ({point.where}): {'; '.join(point.wrong)}")
    killed = sum(point.killed for point in points)
    print(
        f"{len(points)} points, {killed} kills, {sum(p.runs for p in points)} runs, "
        f"{sum(p.persons for p in points)} resolved by a person, {len(bad)} wrong, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
