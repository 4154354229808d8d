"""A slice of the simulation in every test run; `make simulate` runs as many seeds as you like."""

from __future__ import annotations

import pytest

from tests.simulation.faults import plan
from tests.simulation.imitation import BrokerName
from tests.simulation.session import simulate

SESSIONS = 8


@pytest.mark.parametrize("seed", range(1, 25))
def test_a_seed_breaks_no_invariant(seed: int) -> None:
    outcome = simulate(seed, SESSIONS, plan(seed, SESSIONS))

    assert outcome.violations == (), "\n".join(outcome.diary[-6:])
    assert outcome.sessions >= SESSIONS


@pytest.mark.parametrize("broker", ["schwab", "alpaca"])
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_seed_breaks_no_invariant_at_the_imitations(seed: int, broker: BrokerName) -> None:
    outcome = simulate(seed, SESSIONS, plan(seed, SESSIONS), broker)

    assert outcome.violations == (), "\n".join(outcome.diary[-6:])
    assert outcome.sessions >= SESSIONS


def test_one_seed_decides_everything() -> None:
    first, again = (simulate(3, 5, plan(3, 5)) for _ in range(2))

    assert first.crashes == again.crashes
    assert first.happened == again.happened
    assert first.steps == again.steps
