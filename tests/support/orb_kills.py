"""Kill a session of breakouts everywhere: afterwards every event, order and trade is there exactly once.

A pass is made by a process of its own (forked) that is killed with SIGKILL at one step: before and after
every append to the files of the session (and in the middle of a line), before and after every commit of the
ledger and of the paper account. Then the same pass is made again until it ends, and the rest of the day is
played.

    python -m tests.support.orb_kills --every 1
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.inherited import in_child
from tests.support.orb_live import DAY, SHORT, OrbWorld
from tests.support.paper_kills import Fuse, _fused

#: bars whose pass is killed: an entry, an entry with another's end, a stop, a target, the end of the session
KINDS = ("ENTRY", "EXIT", "SCRATCH")
MAX_RUNS = 4


def fuse_steps(fuse: Fuse) -> None:
    """Put the fuse around every append and every outermost commit; a line may be cut in half."""
    from live.brokers.paper.intraday_store import IntradayStore
    from live.ledger.database import Database
    from live.session.events import LineFile

    for kind in (Database, IntradayStore):
        setattr(kind, "transaction", _fused(kind.transaction, fuse, Path(os.devnull), kind.__name__))  # noqa: B010 - mypy
    append = LineFile.append

    def fused(self: LineFile, lines: Sequence[str]) -> None:
        if lines:
            fuse.step("before append")
            if fuse.at == fuse.count + 1:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a") as stream:
                    stream.write(lines[0][: len(lines[0]) // 2])
            fuse.step("in the middle of a line")
        append(self, lines)
        if lines:
            fuse.step("after append")

    setattr(LineFile, "append", fused)  # noqa: B010 - mypy


def passes(world: OrbWorld) -> list[datetime]:
    """Return the instants of the passes of a day: one before each event that moves money, and its own."""
    moving = sorted({event.ts for event in world.expected().events if event.type in KINDS})
    found = [at for ts in moving for at in (ts, ts + timedelta(minutes=1))]
    end = world.expected().plan.end + timedelta(minutes=6)
    return sorted({*(at for at in found if at > world.bars[0].minute), end})


def facts(world: OrbWorld) -> dict[str, Any]:
    """Return what a day left: events, orders, trades, cash; the same whatever was killed."""
    with world.ledger() as ledger:
        orders = ledger.orders.of_session(DAY)
        filled = sorted(
            (o.details["event_id"], o.side, o.quantity, str(o.average_price))
            for o in orders
            if o.state == "FILLED"
        )
        others = sorted({o.state for o in orders} - {"FILLED", "ABSENT"})
        trades = [
            (t.strategy_id, t.outcome, t.pnl_r, t.pnl_dollars) for t in ledger.trade_journal.of_day(DAY)
        ]
        row, close = ledger.signals.get(DAY, "orb"), ledger.snapshots.latest("*")
    return {
        "events": (world.folder / "events.jsonl").read_text(),
        "filled": filled,
        "others": others,
        "trades": sorted(trades),
        "outcome": row and row.outcome,
        "cash": close and close.cash,
    }


def one_pass(world: OrbWorld, at: datetime, kill_at: int | None) -> int:
    """Make a pass in this process, which the caller has forked; return how many steps it had."""
    fuse = Fuse(kill_at)
    fuse_steps(fuse)
    world.step(at)
    return fuse.count


@dataclass(frozen=True)
class Played:
    """How a day was played: steps of each pass, and where it was killed."""

    steps: dict[str, int]
    kills: int


def play(world: OrbWorld, answer: Path, kill: tuple[int, int] | None = None) -> Played:
    """Play the day; `kill` is the number of a pass and the step of it at which its process dies."""
    steps, kills = dict[str, int](), 0
    for number, at in enumerate(passes(world)):
        for run in range(MAX_RUNS):
            point = kill[1] if kill and kill[0] == number and run == 0 else None
            status, count = in_child(lambda at=at, point=point: one_pass(world, at, point), answer)  # type: ignore[misc]
            if os.WIFSIGNALED(status):
                kills += 1
                continue
            if status != 0:
                raise AssertionError(answer.with_suffix(".error").read_text())
            steps[str(number)] = count
            break
    return Played(steps, kills)


@contextmanager
def fresh(parent: Path, until: str) -> Iterator[OrbWorld]:
    """Yield a planned world in a folder of its own."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield OrbWorld(folder).short(settings=SHORT.replace("12:20", until))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def points(steps: dict[str, int]) -> list[tuple[int, int]]:
    """Return every point of a day: a pass and a step of it."""
    return [(int(number), step) for number, count in steps.items() for step in range(1, count + 1)]


def table(parent: Path, every: int, first: int = 0, until: str = "12:20") -> tuple[int, int, list[str]]:
    """Kill at every n-th point of a day that ends at `until`; return points, kills and what went wrong."""
    answer = parent / "answer.json"
    with fresh(parent, until) as world:
        steps = play(world, answer).steps
        wanted = facts(world)
    wrong: list[str] = []
    chosen, kills = points(steps)[first::every], 0
    for point in chosen:
        with fresh(parent, until) as world:
            kills += play(world, answer, point).kills
            found = facts(world)
        wrong += [
            f"{point}: {name}: {found[name]} not {wanted[name]}"
            for name in wanted
            if found[name] != wanted[name]
        ]
    return len(chosen), kills, wrong


def main() -> None:
    """Run the table and say what it found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count, kills, wrong = table(Path(folder), args.every)
    print("\n".join((*wrong, f"{count} points, {kills} kills, {len(wrong)} wrong")))
    raise SystemExit(1 if wrong or kills < count else 0)


if __name__ == "__main__":
    main()
