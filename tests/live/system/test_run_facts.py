"""Which run a process is at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from live.system import run_facts

NOW = datetime(2025, 3, 5, 15, 55, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture(autouse=True)
def _over() -> Iterator[None]:
    yield
    run_facts.end()


def test_a_run_is_named_by_its_instant_and_process() -> None:
    facts = run_facts.begin("executor", NOW)
    assert facts.run == "20250305T205500-executor"
    assert len(run_facts.begin("signal_generator", NOW).run) <= run_facts.LONGEST
    facts = run_facts.begin("executor", NOW)
    run_facts.describe(account="paper", session=date(2025, 3, 5))
    assert run_facts.current() == run_facts.RunFacts(facts.run, "executor", "paper", "2025-03-05")


def test_without_a_run_nothing_is_known() -> None:
    run_facts.end()
    run_facts.describe(account="paper", session=date(2025, 3, 5))
    assert run_facts.current() == run_facts.NOTHING
