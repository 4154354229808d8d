"""Does the machine find bugs? Seeded ones, put one by one into a copy of the shipped code by this script.

    python -m tests.simulation.mutations --log out/mutations.log

For each, seeds are simulated against the copy until an invariant breaks; an unexpected exception does not
count. Prints how many sessions it took. With a log, bugs that were found in this very code before are not
hunted again. A seeded bug whose text is no longer in the code fails the run, and `test_mutations.py` in every
test run.
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
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, Final

from tests.support.kill_log import KillLog
from tests.support.paths import PROJECT

SEEDS: Final = 150
SESSIONS: Final = 15


@dataclass(frozen=True, slots=True)
class Mutation:
    """One bug: in `file`, `old` (which stands there exactly once) becomes `new`."""

    name: str
    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Put the bug into the tree below `root`. ValueError: the text is not there exactly once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} has {text.count(self.old)} times: {self.old!r}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


MUTATIONS: Final = (
    Mutation(
        "an interrupted order is called absent without a look at the broker",
        "live/orders/submission.py",
        "        return self._search(order, may_repeat=False)\n\n    def _recover_past",
        '        return self._move(order, JournalState.ABSENT, reason="died")\n\n    def _recover_past',
    ),
    Mutation(
        "every order is sent twice",
        "live/orders/submission.py",
        "            order_id = self._broker.submit(request_of(order))\n        except NotSent as error:\n"
        "            self._throttled",
        "            order_id = self._broker.submit(request_of(order))\n"
        "            order_id = self._broker.submit(request_of(order)) or order_id\n"
        "        except NotSent as error:\n            self._throttled",
    ),
    Mutation(
        "no reply is taken for not sent, and the order is sent again",
        "live/orders/submission.py",
        "            return self._search(self._move(order, JournalState.UNKNOWN, reason=error.problem))\n"
        "        return self._accepted(order, order_id)\n\n    def _announce",
        "            return self._move(order, JournalState.PLANNED, reason=error.problem)\n"
        "        return self._accepted(order, order_id)\n\n    def _announce",
    ),
    Mutation(
        "an order that is not in the list at once never existed",
        "live/orders/submission.py",
        "            patient = reads >= ABSENT_AFTER_READS and second >= ABSENT_AFTER_SECONDS\n"
        "            if self._broker.honours_client_id and patient:",
        "            patient = True\n            if patient:",
    ),
    Mutation(
        "a cancel is believed without reading back",
        "live/orders/submission.py",
        "            asked = asked or self._ask_to_cancel(order)\n            try:\n"
        "                order = self.refresh(order)",
        "            asked = asked or self._ask_to_cancel(order)\n            try:\n"
        '                order = self._move(order, JournalState.CANCELED, reason="asked")',
    ),
    Mutation(
        "a cancel is noted and never sent",
        "live/orders/submission.py",
        "            self._broker.cancel(order.broker_order_id)\n",
        "            pass\n",
    ),
    Mutation(
        "the stops are not looked after at the end",
        "live/execution/steps.py",
        "    if wait and job.go:\n        stops.protect_all(context)\n",
        "    if wait and job.go:\n",
    ),
    Mutation(
        "a stop protects half of the shares",
        "live/execution/stops.py",
        "None if below is not None else price, quantity=shares, parent=entry)\n",
        "None if below is not None else price, quantity=(shares + 1) // 2, parent=entry)\n",
    ),
    Mutation(
        "shares are sold while their stop still rests",
        "live/execution/stops.py",
        '    return "free" if _cancel_all(context, _resting(context, position)) else "stuck"',
        '    return "free"',
    ),
    Mutation(
        "after a failure nobody looks after the stops",
        "live/execution/steps.py",
        "        stops.protect_after_failure(context)\n",
        "",
    ),
    Mutation(
        "the kill switch is not asked before an order leaves",
        "live/execution/permission.py",
        "        level = self.ledger.state.kill_level()\n",
        '        level = "none"\n',
    ),
    Mutation(
        "the window is not asked again before an order leaves",
        "live/execution/permission.py",
        "        if self.keeps_window and not self._inside():",
        "        if False:",
    ),
    Mutation(
        "only the clock on the wall tells the window",
        "live/execution/permission.py",
        "        return all(inside(self.job, now, self.phase) for now in (self.clock.now(), by_monotonic))",
        "        return inside(self.job, by_monotonic, self.phase)",
    ),
    Mutation(
        "a wrong clock is no reason to stop",
        "live/operations/checks.py",
        "    ok = abs(seconds) <= limit\n",
        "    ok = True\n",
    ),
    Mutation(
        "what earlier tries filled is bought again",
        "live/orders/attempts.py",
        "        return self.target(quantity) - self.filled",
        "        return self.target(quantity)",
    ),
    Mutation(
        "an order in a finished state is sent again by the next run",
        "live/orders/attempts.py",
        "    return Attempts(tuple(row for row in rows if base_id(row.client_order_id) == client_order_id))",
        "    return Attempts(\n        tuple(\n            row\n            for row in rows\n"
        "            if base_id(row.client_order_id) == client_order_id and may_fill(row)\n        )\n    )",
    ),
    Mutation(
        "buys are not cut to the cash after the sells",
        "live/execution/recount.py",
        "    return {order.client_order_id: left.get((order.symbol, order.intent), 0) for order, _ in wants}",
        "    return {order.client_order_id: quantity for order, quantity in wants if left is not None}",
    ),
    Mutation(
        "entries do not wait for the limit of orders a minute",
        "live/execution/context.py",
        "            self.clock.sleep(seconds_to_wait(posts, now, limit))\n",
        "            seconds_to_wait(posts, now, limit)\n",
    ),
    Mutation(
        "bytes that nobody approved are executed",
        "live/handoff/approval.py",
        "    if row is None or row.bytes_sha256 != bytes_sha256:\n        return _unknown_file",
        "    if row is None:\n        return _unknown_file",
    ),
    Mutation(
        "silence counts as a yes",
        "live/handoff/approval.py",
        '    if where.state in {"approved", "auto"}:\n        return None',
        '    if where.state in {"approved", "auto", "silent"}:\n        return None',
    ),
    Mutation(
        "a no is not heard",
        "live/handoff/approval.py",
        '    if row is not None and row.answer == "skip":\n',
        '    if row is not None and row.answer == "never":\n',
    ),
    Mutation(
        "what was bought lands in the book of another variant",
        "live/ledger/ledger.py",
        "            self.positions.buy(\n                order.variant,\n",
        '            self.positions.buy(\n                "fund",\n',
    ),
    Mutation(
        "the executor ends well although ledger and broker differ",
        "live/execution/steps.py",
        "    if difference is not None:\n        raise difference\n",
        "",
    ),
    Mutation(
        "a difference at the start is not seen",
        "live/reconciliation/compare.py",
        "        if not force or result.overdrawn:\n            raise error_of(result)",
        "        if False:\n            raise error_of(result)",
    ),
    Mutation(
        "a failure rings nobody",
        "live/runtime/lifecycle.py",
        '            _record(context, key, f"{stage} stopped with exit code {error.exit_code}", body)\n',
        "",
    ),
    Mutation(
        "alerts are written down and never delivered",
        "live/alerts/outbox.py",
        "    waiting = _present(context, outbox.due(now), urls)\n",
        "    waiting = _present(context, (), urls)\n",
    ),
    Mutation(
        "a message names no way out of a difference",
        "live/reconciliation/compare.py",
        'ADOPT = "compare with the broker; `jutsu reconcile --adopt` takes the broker\'s truth"',
        'ADOPT = "look at the broker"',
    ),
    Mutation(
        "reconcile --adopt forgets the shares",
        "live/reconciliation/adopt.py",
        "            ledger.positions.adjust("
        "row.id, quantity=line.broker, entry_price=row.entry_price, at=at)\n",
        "            pass\n",
    ),
)


@dataclass(frozen=True, slots=True)
class Hunt:
    """What the machine said about one bug: the invariant that broke and the sessions it took, or neither."""

    mutation: Mutation
    invariant: str
    sessions: int
    text: str


def hunt(mutation: Mutation, seeds: int, sessions: int) -> Hunt:
    """Simulate seeds against a copy of the code with one bug in it until an invariant breaks."""
    with tempfile.TemporaryDirectory(prefix="mutated_") as name:
        root = Path(name)
        for part in ("backtest", "live", "tests", "config"):
            shutil.copytree(
                PROJECT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "golden")
            )
        mutation.apply(root)
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation.mutations", "--inside", str(seeds), str(sessions)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return Hunt(mutation, "", 0, done.stderr[-2000:])
    return Hunt(mutation, found["invariant"], found["sessions"], found["text"])


def inside(seeds: int, sessions: int) -> dict[str, Any]:
    """Simulate in this process until an invariant breaks; exceptions are passed over."""
    from tests.simulation.faults import plan
    from tests.simulation.session import simulate

    lived = 0
    for seed in range(1, seeds + 1):
        outcome = simulate(seed, sessions, plan(seed, sessions))
        lived += outcome.sessions
        broken = [v for v in outcome.violations if v.invariant != "no exception"]
        if broken:
            return {"invariant": broken[0].invariant, "sessions": lived, "text": str(broken[0])}
    return {"invariant": "", "sessions": lived, "text": ""}


def hunted(mutation: Mutation, seeds: int, log: KillLog) -> Hunt:
    """Hunt one bug, unless the log says that it was found in this code; what is found is logged."""
    known = log.done.get(mutation.name)
    if known is not None:
        return Hunt(mutation, **known)
    found = hunt(mutation, seeds, SESSIONS)
    if found.invariant:
        log.add(mutation.name, {"invariant": found.invariant, "sessions": found.sessions, "text": found.text})
    return found


def main() -> int:
    """Hunt every bug and print a table; exit code 1 when one was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutations")
    parser.add_argument("--only", default="", help="part of the names")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="give up after so many")
    parser.add_argument("--log", type=Path, help="bugs found, one JSON line each: a long hunt resumes here")
    parser.add_argument("--inside", nargs=2, type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        print(json.dumps(inside(*args.inside)))
        return 0
    began, log = time.monotonic(), KillLog(args.log)
    wanted = [mutation for mutation in MUTATIONS if args.only in mutation.name]
    with ThreadPool(args.jobs) as pool:
        hunts = []
        for found in pool.imap(lambda mutation: hunted(mutation, args.seeds, log), wanted):
            hunts.append(found)
            print(
                f"{found.invariant or 'NOT FOUND':14} {found.sessions:6}  {found.mutation.name}", flush=True
            )
            if not found.invariant:
                print(f"    {found.text}")
    missed = sum(not found.invariant for found in hunts)
    print(f"{len(hunts) - missed} of {len(hunts)} bugs found, {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
