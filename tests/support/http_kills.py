"""Kill the executor in `online_live` mode at every step and at every request boundary, then count.

The executor runs from its command line on, against an imitation of Schwab (no client order ids) or of Alpaca
(client order ids) in a process of its own, through the brokers' real client libraries. It is killed with
SIGKILL

- by a fuse of the harness: before and after every commit of the ledger, before a request is sent, after its
  reply came;
- by the imitation: when a request arrives (it is lost, or served although nobody waits), or when it was
  served and the reply would leave.

Then it is run again until it ends. Where the protocol asks for a person (exit code 8) the harness looks at
the broker and answers with `jutsu resolve`.

    python -m tests.support.http_kills --every 1 --random 1000
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.fakes.schwab.app import SchwabApp
from tests.fakes.schwab.harness import Remote
from tests.support import http_world as w
from tests.support.http_fuse import Fuse
from tests.support.http_imitation import DAY, NEXT_DAY, Forked, at, make_app, short
from tests.support.http_judge import blocked_because, verdict, wanted_person
from tests.support.http_scenarios import SCENARIOS, Scenario
from tests.support.inherited import in_child, inherit, loaded
from tests.support.kill_log import KillLog, add_arguments, of_shard

MAX_RUNS = 8
Kill = tuple[str, int]  # ("step", n): the n-th step of the fuse; else a kind of `Killer` and the request
SERVER_KINDS = ("lost", "before", "accepted")


@dataclass
class Template:
    """A scenario just before the run that is killed, and what that run does when nobody kills it."""

    scenario: Scenario
    app: Any
    folder: Path
    steps: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def moment(self) -> Any:
        return at(self.scenario.day)

    def points(self) -> list[Kill]:
        """Every step, and for every order request each thing that can happen to it."""
        writes = [n for n, name in enumerate(self.requests, 1) if not name.startswith("GET")]
        return [
            *(("step", n) for n in range(1, len(self.steps) + 1)),
            *((kind, n) for kind in SERVER_KINDS for n in writes),
        ]

    def any_point(self, chance: random.Random) -> Kill:
        if chance.random() < 0.5:
            return "step", chance.randint(1, len(self.steps))
        return chance.choice(SERVER_KINDS), chance.randint(1, len(self.requests))


def make_template(scenario: Scenario, folder: Path) -> Template:
    """Trade the first day undisturbed, then write the second day's file."""
    from tests.fakes.web import Server

    app = make_app(scenario.broker)
    project = w.Project(folder, scenario.broker, scenario.variant)
    folder.mkdir()
    project.prepare(app)
    project.write(scenario.entries)
    if scenario.name != "enter":
        server = Server(app)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        _, result = in_child(lambda: run_once(project, server.url, None), folder / "answer")
        server.shutdown()
        server.server_close()
        thread.join()
        if result is None or result["code"] != 0:
            raise SystemExit(
                f"{scenario.key}: the first day ended with {result}: {(folder / 'out').read_text()}"
            )
        inherit(result["modules"])
        cash = float(app.account.cash if isinstance(app, SchwabApp) else app.book.cash)
        held = {o["symbol"]: o["quantity"] for o in scenario.entries}
        project.write(scenario.turnover, day=NEXT_DAY, held=held, cash=cash)
    template = Template(scenario, app, folder)
    return _measured(template)


def _measured(template: Template) -> Template:
    with (
        tempfile.TemporaryDirectory(prefix="kills_") as name,
        Forked(template.app, template.moment) as remote,
    ):
        project = _copy(template, Path(name))
        template.scenario.upset(remote)
        since = len(remote.log())
        _, result = in_child(lambda: run_once(project, remote.url, None), Path(name) / "answer")
        if result is None or result["code"] != 0:
            raise SystemExit(
                f"{template.scenario.key}: undisturbed: {result} {(project.folder / 'out').read_text()}"
            )
        inherit(result["modules"])
        template.steps = result["steps"]
        template.requests = [short(e["method"], e["path"]) for e in remote.log(since) if e["path"] != "/"]
        wrong = judge(template, project, remote)
        if wrong:
            raise SystemExit(f"{template.scenario.key}: undisturbed: {wrong}")
    return template


def _copy(template: Template, into: Path) -> w.Project:
    folder = into / "desk"
    shutil.copytree(template.folder, folder)
    return w.Project(folder, template.scenario.broker, template.scenario.variant)


def run_once(project: w.Project, url: str, kill_at: int | None) -> dict[str, Any]:
    """Run stage 2 in this process; the caller has forked it."""
    fuse = Fuse(kill_at, project.folder / "killed_at")
    fuse.arm()
    return {"code": w.executor(project, url), "steps": fuse.names, "modules": loaded()}


def judge(template: Template, project: w.Project, remote: Remote) -> list[str]:
    scenario = template.scenario
    _, wrong = in_child(
        lambda: verdict(
            project,
            remote,
            orders=scenario.orders,
            shares=scenario.shares,
            stops=scenario.variant == "ema_p10",
        ),
        project.folder.parent / "answer",
    )
    return ["the verdict failed: " + _crash(project)] if wrong is None else wrong


def _crash(project: w.Project) -> str:
    path = project.folder.parent / "answer.error"
    return path.read_text() if path.exists() else "killed"


@dataclass
class Point:
    """One killed run and what became of it."""

    key: str
    kills: tuple[Kill, ...]
    where: str = ""
    codes: list[str] = field(default_factory=list)
    persons: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def killed(self) -> int:
        return self.codes.count("killed")


def try_point(template: Template, kills: tuple[Kill, ...]) -> Point:
    """Kill at each of `kills` in turn (one run each), run until it ends, once more, and judge."""
    point = Point(template.scenario.key, kills)
    with (
        tempfile.TemporaryDirectory(prefix="kills_") as name,
        Forked(template.app, template.moment) as remote,
    ):
        project = _copy(template, Path(name))
        template.scenario.upset(remote)
        for number in range(MAX_RUNS):
            kind, at = kills[number] if number < len(kills) else ("", 0)
            if not _run(point, project, remote, kind, at):
                return point
            if point.codes[-1] == "0" and number >= len(kills):
                break
        else:
            point.wrong.append("it never ended")
            return point
        if point.persons and not _resumed(point, project, remote):
            return point
        if not _run(point, project, remote, "", 0):  # once more than needed changes nothing
            return point
        point.wrong += judge(template, project, remote)
    return point


def _run(point: Point, project: w.Project, remote: Remote, kind: str, at: int) -> bool:
    """Run once; False when that ended the point."""
    plan = {"n": at, "kind": kind, "folder": str(project.folder)} if kind in SERVER_KINDS else {}
    remote.call("kill", plan)
    step = at if kind == "step" else None
    status, result = in_child(lambda: run_once(project, remote.url, step), project.folder.parent / "answer")
    remote.call("kill", {})
    if os.WIFSIGNALED(status):
        point.codes.append("killed")
        point.where = point.where or (project.folder / "killed_at").read_text()
        return True
    if result is None:
        point.wrong.append("crash: " + _crash(project))
        return False
    point.codes.append(str(result["code"]))
    if result["code"] == 8:
        return _person(point, project, remote)
    if result["code"] != 0:
        point.wrong.append(f"exit code {result['code']}: {(project.folder / 'out').read_text()[-600:]}")
    return bool(result["code"] == 0)


def _person(point: Point, project: w.Project, remote: Remote) -> bool:
    """Do what exit code 8 asks for: look at the broker and resolve."""
    point.persons += 1
    answer = project.folder.parent / "answer"
    _, answers = in_child(lambda: wanted_person(project, remote), answer)
    for name, broker_id in answers or ():
        verdict = ["--absent"] if broker_id is None else ["--adopt", broker_id]
        _, code = in_child(partial(w.command, project, remote.url, "resolve", name, *verdict), answer)
        if code != 0:
            point.wrong.append(
                f"resolve {name} {verdict}: {code} {(project.folder / 'out').read_text()[-300:]}"
            )
    if not answers:
        point.wrong.append("exit code 8 and nothing to resolve")
    return not point.wrong


def _resumed(point: Point, project: w.Project, remote: Remote) -> bool:
    """Do what the messages ask for after a stop of unknown fate: entries wait until a person resumes them.

    The stop rests by now: `verdict` is strict about that, and about the switch.
    """
    answer = project.folder.parent / "answer"
    _, reason = in_child(lambda: blocked_because(project), answer)
    if "NO STOP" not in (reason or ""):
        return True
    if "jutsu resume" not in (project.folder / "out").read_text():
        point.wrong.append("entries are blocked, and no message names `jutsu resume`")
    _, code = in_child(partial(w.command, project, remote.url, "resume"), answer)
    if code != 0:
        point.wrong.append(f"resume: {code} {(project.folder / 'out').read_text()[-300:]}")
    return not point.wrong


# all of it ----------------------------------------------------------------------------------------------


def preload(brokers: set[str]) -> None:
    """Load everything that these brokers need before forking: children inherit it."""
    from live.brokers.alpaca.connection import import_alpaca
    from live.brokers.schwab.connection import import_schwab
    from live.cli.app import build
    from tests.fakes.market import _year

    build()
    for name, load in (("schwab", import_schwab), ("alpaca", import_alpaca)):
        if name in brokers:
            load()
    _year(DAY.year)


def chosen(
    templates: list[Template], every: int, number: int, seed: int
) -> list[tuple[int, tuple[Kill, ...]]]:
    """Return (template, kills): every n-th point once, and random ones with up to three kills in a row."""
    found: list[tuple[int, tuple[Kill, ...]]] = []
    for index, template in enumerate(templates):
        if every:
            found += [(index, (kill,)) for kill in template.points()[index % every :: every]]
    chance = random.Random(seed)
    for _ in range(number):
        index = chance.randrange(len(templates))
        kills = tuple(templates[index].any_point(chance) for _ in range(chance.randint(1, 3)))
        found.append((index, kills))
    return found


_TEMPLATES: list[Template] = []
_KEPT = ("where", "codes", "persons", "wrong")


Job = tuple[int, tuple[Kill, ...]]


def _work(job: Job) -> Point:
    return try_point(_TEMPLATES[job[0]], job[1])


def tried(jobs: list[Job], processes: int, log: KillLog) -> list[Point]:
    """Return the points of jobs: as the log has them, the others tried and logged as they end."""
    names = [f"{_TEMPLATES[index].scenario.key} {kills}" for index, kills in jobs]
    points = [
        Point(_TEMPLATES[index].scenario.key, kills, **log.done[name])
        for name, (index, kills) in zip(names, jobs, strict=True)
        if name in log.done
    ]
    left = {name: job for name, job in zip(names, jobs, strict=True) if name not in log.done}
    with get_context("fork").Pool(processes) as pool:
        for point in pool.imap_unordered(_work, left.values()):
            log.add(f"{point.key} {point.kills}", {name: getattr(point, name) for name in _KEPT})
            points.append(point)
    return points


def table(points: list[Point]) -> str:
    """Return the table of points, faults, outcomes and exit codes."""
    rows: dict[tuple[str, str], Counter[str]] = {}
    codes: dict[tuple[str, str], Counter[str]] = {}
    for point in points:
        key = point.key, point.where or "not reached"
        rows.setdefault(key, Counter()).update(points=1, person=bool(point.persons), wrong=bool(point.wrong))
        codes.setdefault(key, Counter()).update(c for c in point.codes if c != "killed")
    lines = [
        f"{'broker/scenario/fault':26} {'killed':34} {'points':>6} {'person':>6} {'wrong':>5}  exit codes"
    ]
    for key in sorted(rows):
        row = rows[key]
        text = " ".join(f"{code}:{count}" for code, count in sorted(codes[key].items()))
        lines.append(f"{key[0]:26} {key[1]:34} {row['points']:6} {row['person']:6} {row['wrong']:5}  {text}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1, help="kill at every n-th point, once; 0: none")
    parser.add_argument("--random", type=int, default=1000, help="points with up to three kills in a row")
    parser.add_argument("--seed", type=int, default=20261119)
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    add_arguments(parser)
    args = parser.parse_args()
    began = time.monotonic()
    scenarios = [scenario for scenario in SCENARIOS if args.only in scenario.key]
    preload({scenario.broker for scenario in scenarios})
    with tempfile.TemporaryDirectory(prefix="kills_") as name:
        for number, scenario in enumerate(scenarios):
            _TEMPLATES.append(make_template(scenario, Path(name) / str(number)))
        jobs = chosen(_TEMPLATES, args.every, args.random, args.seed)
        points = tried(of_shard(jobs, args.shard), args.jobs, KillLog(args.log))
    print(table(points))
    bad = [point for point in points if point.wrong]
    for point in bad[:20]:
        print(f"WRONG {point.key} {point.kills} ({point.where}) {point.codes}: {'; '.join(point.wrong)}")
    print(
        f"{len(points)} points, {sum(p.killed for p in points)} kills, "
        f"{sum(len(p.codes) for p in points)} runs, {sum(p.persons for p in points)} resolved by a person, "
        f"{len(bad)} wrong, {time.monotonic() - began:.0f} s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
