"""A slice of the simulation in every test run; `make simulate` runs as many seeds as you like."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.faults import plan
from tests.simulation.imitation import BrokerName
from tests.simulation.kind import Style
from tests.simulation.session import simulate

SESSIONS = 8


def seeds(short: int, long: int) -> list[Any]:
    """Return the seeds from 1 to `long`; those after `short` wait for `make long`."""
    return [
        *range(1, short + 1),
        *(pytest.param(n, marks=pytest.mark.long) for n in range(short + 1, long + 1)),
    ]


@pytest.mark.parametrize("seed", seeds(3, 24))
def test_a_seed_breaks_no_invariant(seed: int) -> None:
    outcome = simulate(seed, SESSIONS, plan(seed, SESSIONS))

    assert outcome.violations == (), "\n".join(outcome.diary[-6:])
    assert outcome.sessions >= SESSIONS


@pytest.mark.parametrize("broker", ["schwab", "alpaca"])
@pytest.mark.parametrize("seed", seeds(1, 6))
def test_a_seed_breaks_no_invariant_at_the_imitations(seed: int, broker: BrokerName) -> None:
    outcome = simulate(seed, SESSIONS, plan(seed, SESSIONS), broker)

    assert outcome.violations == (), "\n".join(outcome.diary[-6:])
    assert outcome.sessions >= SESSIONS


@pytest.mark.parametrize("style", ["shadows", "earnings"])
@pytest.mark.parametrize("seed", seeds(1, 4))
def test_a_seed_breaks_no_invariant_with_shadows_and_reports(seed: int, style: Style) -> None:
    outcome = simulate(seed, SESSIONS, plan(seed, SESSIONS), "paper", style)

    assert outcome.violations == (), "\n".join(outcome.diary[-6:])
    assert outcome.sessions >= SESSIONS


def test_one_seed_decides_everything() -> None:
    first, again = (simulate(3, 4, plan(3, 4)) for _ in range(2))

    assert first.crashes == again.crashes
    assert first.happened == again.happened
    assert first.steps == again.steps
