"""Does the machine find bugs? Seeded ones, put one by one into a copy of the shipped code by this script.

    python -m tests.simulation.mutations --log out/mutations.log

For each, seeds are simulated against the copy, with the faults under which the bug shows, until an invariant
breaks; an unexpected exception does not count. What the shipped code breaks with the same seed does not count
either. Prints how many sessions it took. With `--again` only the seed that found the bug before is tried.
With a log, bugs that were found in this very code before are not hunted again. A seeded bug whose text is no
longer in the code fails the run, and `test_mutations.py` in every test run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Final

from tests.simulation.seeded_bugs import MUTATIONS, Mutation
from tests.support.kill_log import KillLog
from tests.support.paths import PROJECT

SEEDS: Final = 40
SESSIONS: Final = 12


@dataclass(frozen=True, slots=True)
class Found:
    """What the machine said about one bug.

    Attributes:
        invariant: that broke, empty: none did. seed: that broke it.
        sessions: how many were simulated until then. text: the violation, or why there is none.
    """

    invariant: str
    seed: int = 0
    sessions: int = 0
    text: str = ""


def hunt(mutation: Mutation, seeds: range) -> Found:
    """Simulate seeds against a copy of the code with one bug in it until an invariant breaks."""
    with tempfile.TemporaryDirectory(prefix="mutated_") as name:
        root = Path(name)
        for part in ("backtest", "live", "tests", "config"):
            shutil.copytree(
                PROJECT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "golden", "web")
            )
        mutation.apply(root)
        return _in_a_process(root, mutation, seeds)


def _in_a_process(root: Path, mutation: Mutation, seeds: range) -> Found:
    """Simulate seeds with the code below `root` in a process of its own."""
    asked = ["--only", mutation.name, "--seeds", f"{seeds.start}..{seeds.stop - 1}", "--inside"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.mutations", *asked],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return Found(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError):
        return Found("", text=done.stderr[-2000:])


def inside(mutation: Mutation, seeds: range) -> Found:
    """Simulate in this process until an invariant breaks; exceptions are passed over."""
    from tests.simulation.faults import plan
    from tests.simulation.session import simulate

    lived = 0
    for seed in seeds:
        outcome = simulate(seed, SESSIONS, plan(seed, SESSIONS, mutation.kinds))
        lived += outcome.sessions
        broken = [v for v in outcome.violations if v.invariant != "no exception"]
        if broken:
            return Found(broken[0].invariant, seed, lived, str(broken[0]))
    return Found("", sessions=lived)


def hunted(mutation: Mutation, seeds: range, *, again: bool, log: KillLog) -> tuple[Mutation, Found]:
    """Hunt one bug, unless the log says that it was found in this code; what is found is logged."""
    known = log.done.get(mutation.name)
    if known is not None:
        return mutation, Found(**known)
    found = hunt(mutation, range(mutation.seed, mutation.seed + 1) if again else seeds)
    if found.invariant:
        unmutated = _in_a_process(PROJECT, mutation, range(found.seed, found.seed + 1))
        if unmutated.invariant:
            return mutation, Found("", text=f"the shipped code breaks it too: {unmutated.text}")
        log.add(mutation.name, asdict(found))
    return mutation, found


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def main() -> int:
    """Hunt every bug and print a table; exit code 1 when one was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutations")
    parser.add_argument("--only", default="", help="part of the names")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seeds", type=_seeds, default=range(1, SEEDS + 1), metavar="A..B")
    parser.add_argument("--again", action="store_true", help="only the seed that found it before")
    parser.add_argument("--new", action="store_true", help="only bugs that no seed has found yet")
    parser.add_argument("--log", type=Path, help="bugs found, one JSON line each: a long hunt resumes here")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    wanted = [mutation for mutation in MUTATIONS if args.only in mutation.name]
    wanted = [mutation for mutation in wanted if not (args.new and mutation.seed)]
    if args.inside:
        print(json.dumps(asdict(inside(wanted[0], args.seeds))))
        return 0
    began, work = time.monotonic(), partial(hunted, seeds=args.seeds, again=args.again, log=KillLog(args.log))
    missed = 0
    with ThreadPool(args.jobs) as pool:
        for mutation, found in pool.imap(work, wanted):
            missed += not found.invariant
            print(f"| {mutation.name} | {', '.join(mutation.kinds) or 'any'} | {found.seed}", end=" | ")
            print(f"{found.sessions} | {found.invariant or 'NOT FOUND ' + found.text} |", flush=True)
    print(f"{len(wanted) - missed} of {len(wanted)} bugs found, {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
