"""The figures of the simulation: made by a run, added to `docs/proof.md` by the same run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.session import Outcome
from tests.support.paths import PROJECT

COLUMNS = (
    "broker",
    "seeds",
    "sessions",
    "program runs",
    "steps",
    "died",
    "other faults",
    "violations",
    "code",
)


@dataclass
class Figures:
    """Sums over outcomes."""

    seeds: int = 0
    sessions: int = 0
    runs: int = 0
    steps: int = 0
    died: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one seed."""
        self.seeds += 1
        self.sessions += outcome.sessions
        self.runs += outcome.runs
        self.steps += outcome.steps
        self.died.update(outcome.crashes)
        self.faults.update(fault.kind for fault in outcome.happened if fault.kind != "crash")
        self.violations += bool(outcome.violations)

    def line(self, seconds: float) -> str:
        """Return the figures in one line."""
        return (
            f"{self.seeds} seeds, {self.sessions:,} sessions, {self.runs:,} program runs, "
            f"{self.steps:,} steps, {self.died.total():,} processes died at {len(self.died)} kinds of steps, "
            f"{self.faults.total():,} other faults, {self.violations} violations, {seconds:.0f} s, "
            f"{self.sessions / max(seconds, 0.001):.1f} sessions/s"
        )


def code_digest() -> str:
    """Return ten digits that tell which shipped code was run: of all modules of `live` and `backtest`."""
    digest = hashlib.sha256()
    for part in ("backtest", "live"):
        for path in sorted((PROJECT / part).rglob("*.py")):
            digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def record(path: Path, broker: str, seeds: str, found: Figures, code: str) -> None:
    """Add one run to the tables of a page: a row of the runs, and its counts to those of before.

    The page holds three tables, each after its heading: ``## Runs``, ``## Where processes died`` and
    ``## Other faults``.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    row = (
        broker,
        seeds,
        *(
            f"{n:,}"
            for n in (found.sessions, found.runs, found.steps, found.died.total(), found.faults.total())
        ),
        str(found.violations),
        code,
    )
    runs = [r for r in _rows(lines, "## Runs") if r[0] != "**sum**"] + [row]
    sums = [sum(int(r[place].replace(",", "")) for r in runs) for place in range(2, 8)]
    lines = _replaced(lines, "## Runs", [*runs, ("**sum**", "", *(f"{n:,}" for n in sums), "")])
    for heading, counts in (("## Where processes died", found.died), ("## Other faults", found.faults)):
        known = Counter({name: int(count.replace(",", "")) for name, count in _rows(lines, heading)})
        both = known + counts
        lines = _replaced(lines, heading, [(name, f"{both[name]:,}") for name in sorted(both)])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _span(lines: list[str], heading: str) -> tuple[int, int]:
    """Return where the rows of the table after a heading begin and end."""
    start = lines.index(heading)
    first = next(n for n in range(start, len(lines)) if lines[n].startswith("|")) + 2
    last = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
    return first, last


def _rows(lines: list[str], heading: str) -> Iterator[tuple[str, ...]]:
    first, last = _span(lines, heading)
    for line in lines[first:last]:
        yield tuple(cell.strip() for cell in line.strip("|").split("|"))


def _replaced(lines: list[str], heading: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    first, last = _span(lines, heading)
    return [*lines[:first], *(f"| {' | '.join(row)} |" for row in rows), *lines[last:]]
