"""A ledger that was just made is told from one that remembers something, open and as a file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from live.ledger.ledger import Ledger, OrderPlan
from live.ledger.opening import open_database
from live.ledger.unused import unused, unused_file

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
DAY = date(2026, 11, 20)


def refused(ledger: Ledger) -> None:
    """What a run leaves that was stopped at once, and settings."""
    ledger.state.set("fact", "1", at=NOW)
    ledger.runs.generator_failed(DAY, "golden", mode="offline_mock", exit_code=8, why="new", past=False)


def generated(ledger: Ledger) -> None:
    ledger.runs.generated(DAY, "golden", role="primary", mode="offline_mock", at=NOW)


def planned(ledger: Ledger) -> None:
    name = "20261120_TQQQ_entry_buy"
    ledger.orders.plan(OrderPlan(name, "golden", DAY, "offline_mock", "TQQQ", "buy", "entry", 1), at=NOW)


@pytest.mark.parametrize(("leave", "verdict"), [(refused, True), (generated, False), (planned, False)])
def test_only_sessions_and_orders_are_memory(tmp_path: Path, leave: object, verdict: bool) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(path, account="other", now=NOW) as ledger:
        assert callable(leave)
        leave(ledger)
    assert unused_file(path) is verdict
    database = open_database(path, create=False)
    assert unused(database) is verdict
    database.close()
