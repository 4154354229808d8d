"""`python -m tests.simulation --seeds 1..100 --sessions 20`: simulate, and shrink what fails.

Prints one line per failing seed, then the smallest set of faults that still breaks the same invariant, as a
line for `tests/simulation/test_found.py`. `--record docs/proof.md` adds the figures of the run to the page.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

from tests.simulation.faults import KINDS, Kind, plan
from tests.simulation.figures import Figures, code_digest, record
from tests.simulation.imitation import BrokerName
from tests.simulation.kind import Style
from tests.simulation.session import Outcome, simulate
from tests.simulation.shrink import as_code, shrunk


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def _kinds(text: str) -> tuple[Kind, ...]:
    found = tuple(kind for kind in KINDS if kind in text.split(","))
    if len(found) != len(text.split(",")):
        raise argparse.ArgumentTypeError(f"kinds are {', '.join(KINDS)}")
    return found


def _one(
    seed: int, sessions: int, broker: BrokerName, style: Style, kinds: tuple[Kind, ...], *, shrinks: bool
) -> tuple[Outcome, Outcome | None]:
    faults = plan(seed, sessions, kinds)
    outcome = simulate(seed, sessions, faults, broker, style)
    gc.collect()
    smaller = shrunk(outcome, sessions, faults, broker, style) if outcome.violations and shrinks else None
    return outcome, smaller


def _report(outcome: Outcome, smaller: Outcome | None) -> None:
    print(f"seed {outcome.seed}: {outcome.violations[0]}")
    if smaller is not None:
        for fault in smaller.happened:
            print(f"    {fault}")
        print(f"    {smaller.violations[0]}\n    {as_code(smaller)}", flush=True)


def main() -> int:
    """Run the seeds and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=_seeds, default=range(1, 21), metavar="A..B")
    parser.add_argument("--sessions", type=int, default=20, help="of each seed")
    parser.add_argument("--broker", choices=get_args(BrokerName), default="paper")
    parser.add_argument("--style", choices=get_args(Style), default="mixed", help="which books trade")
    parser.add_argument("--kinds", type=_kinds, default=(), help="faults of these kinds only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-shrink", action="store_true", help="report what fails as it is")
    parser.add_argument("--diary", action="store_true", help="print everything that was run and said")
    parser.add_argument("--record", type=Path, metavar="FILE", help="add the figures to this page")
    args = parser.parse_args()
    began, figures = time.monotonic(), Figures()
    gc.disable()  # a pass over all modules for every session costs a tenth of the time
    work = partial(
        _one,
        sessions=args.sessions,
        broker=args.broker,
        style=args.style,
        kinds=args.kinds,
        shrinks=not args.no_shrink,
    )
    with get_context("fork").Pool(args.jobs, maxtasksperchild=50) as pool:
        for outcome, smaller in pool.imap_unordered(work, args.seeds):
            figures.add(outcome)
            if outcome.violations:
                _report(outcome, smaller)
            if args.diary:
                print("\n".join((smaller or outcome).diary))
    print(" ".join(f"{kind}:{count}" for kind, count in sorted(figures.faults.items())))
    print(figures.line(time.monotonic() - began))
    if args.record is not None:
        where = args.broker if args.style == "mixed" else f"{args.broker}, {args.style}"
        record(args.record, where, f"{args.seeds[0]} to {args.seeds[-1]}", figures, code_digest())
    return 1 if figures.violations else 0


if __name__ == "__main__":
    sys.exit(main())
