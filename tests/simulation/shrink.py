"""Making a failing plan smaller: fewer sessions, then fewer faults, while the same invariant still breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.simulation.faults import Fault
from tests.simulation.imitation import BrokerName
from tests.simulation.kind import Style
from tests.simulation.session import Outcome, simulate


def shrunk(
    outcome: Outcome,
    sessions: int,
    faults: Sequence[Fault],
    broker: BrokerName = "paper",
    style: Style = "mixed",
) -> Outcome:
    """Return the outcome of the smallest plan found that breaks the same invariant; `happened` is the plan.

    Args:
        outcome: of the whole plan, with a violation.
        sessions: how many were asked for.
        faults: the whole plan.
        broker: at which broker. style: which books.
    """
    wanted = outcome.violations[0].invariant
    best, kept = outcome, tuple(faults)
    shorter = min(sessions, outcome.violations[0].session + 1)
    for length in {shorter, sessions}:
        cut = tuple(f for f in kept if f.session < length)
        tried = simulate(outcome.seed, length, cut, broker, style)
        if _breaks(tried, wanted):
            best, kept, sessions = tried, cut, length
            break
    size = max(1, len(kept) // 2)
    while size and kept:
        for start in range(0, len(kept), size):
            fewer = kept[:start] + kept[start + size :]
            tried = simulate(outcome.seed, sessions, fewer, broker, style)
            if _breaks(tried, wanted):
                best, kept = tried, fewer
                break
        else:
            size //= 2
    return replace(best, sessions=sessions, happened=kept)


def _breaks(outcome: Outcome, invariant: str) -> bool:
    return bool(outcome.violations) and outcome.violations[0].invariant == invariant


def as_code(outcome: Outcome) -> str:
    """Return a shrunk outcome as a line for `tests/simulation/test_found.py`."""
    faults = ", ".join(repr(fault) for fault in outcome.happened)
    return f"({outcome.seed}, {outcome.sessions}, ({faults}{',' if outcome.happened else ''})),"
