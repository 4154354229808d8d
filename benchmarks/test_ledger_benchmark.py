"""What the journal of one order costs, against the bare durable commits it cannot do without."""

import sqlite3
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from live.ledger.ledger import Ledger, OrderPlan
from live.model.broker import Execution
from live.model.order_state import JournalState as S

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
COMMITS = 3
"""PLANNED with SENDING, ACKED, the fill with its position and FILLED."""


def journal_one_order(ledger: Ledger, number: int) -> None:
    symbol = f"S{number}"
    name = f"20261120_{symbol}_entry_buy"
    plan = OrderPlan(name, "golden", date(2026, 11, 20), "offline_mock", symbol, "buy", "entry", 10)
    with ledger.transaction():
        ledger.orders.plan(plan, at=NOW)
        ledger.orders.transition(name, S.SENDING, at=NOW, ids_before=["1", "2"], body={"symbol": symbol})
    ledger.orders.transition(name, S.ACKED, at=NOW, broker_order_id=symbol)
    with ledger.transaction():
        ledger.book([Execution(symbol, symbol, symbol, "buy", 10, Decimal("81.25"), NOW)], at=NOW)
        ledger.orders.transition(name, S.FILLED, at=NOW, filled_quantity=10)


@pytest.fixture
def floor_seconds(tmp_path: Path) -> float:
    """Median of three bare commits of one row each: SQLite, write-ahead log, synchronous FULL."""
    raw = sqlite3.connect(tmp_path / "floor.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("CREATE TABLE steps (id INTEGER PRIMARY KEY, text TEXT)")
    times = []
    for _ in range(200):
        begin = time.perf_counter()
        for _ in range(COMMITS):
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("INSERT INTO steps (text) VALUES (?)", ("x" * 200,))
            raw.execute("COMMIT")
        times.append(time.perf_counter() - begin)
    raw.close()
    return median(times)


def test_journal_of_one_order(benchmark: BenchmarkFixture, tmp_path: Path, floor_seconds: float) -> None:
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=NOW) as ledger:
        numbers = iter(range(1_000_000))
        benchmark.pedantic(lambda: journal_one_order(ledger, next(numbers)), rounds=200, warmup_rounds=20)
        shares = ledger.positions.shares()
    assert set(shares.values()) == {10}
    if benchmark.stats is not None:
        mine = benchmark.stats.stats.median
        benchmark.extra_info["bare fsync floor, ms"] = round(floor_seconds * 1e3, 3)
        benchmark.extra_info["own overhead, ms"] = round((mine - floor_seconds) * 1e3, 3)
        benchmark.extra_info["ratio to floor"] = round(mine / floor_seconds, 2)


def test_opening_a_ledger_of_ten_years(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Every start judges the whole file: this is what that costs."""
    path = tmp_path / "ledger.db"
    with Ledger.open(path, account="paper", now=NOW) as ledger, ledger.transaction():
        for number in range(2_500):
            day = date.fromordinal(date(2016, 1, 1).toordinal() + number)
            ledger.snapshots.add("golden", day, at=NOW, mode="offline_mock", equity=1e5 + number, cash=0.0)
            ledger.state.set(f"filler {number}", "x" * 9_000, at=NOW)
    benchmark.extra_info["file, MB"] = round(path.stat().st_size / 1e6, 1)

    benchmark.pedantic(
        lambda: Ledger.open(path, account="paper", now=NOW).close(), rounds=10, warmup_rounds=1
    )
