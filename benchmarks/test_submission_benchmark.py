"""One order from intent to booked fill over the real Schwab client, the server's time excluded."""

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest
from httpx import HTTPTransport, Request, Response
from pytest_benchmark.fixture import BenchmarkFixture

from live.ledger.ledger import Ledger, OrderPlan
from live.model.order_state import JournalState
from live.orders.submission import Submission
from tests.fakes.schwab.rig import rig

AT = datetime(2026, 11, 19, 20, 55, tzinfo=UTC)
ROUNDS = 100
COMMITS = 2
"""PLANNED with SENDING, then ACKED with its fill, position and cash."""


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Seconds spent in the socket, waiting for the imitation: a list that grows by one per request."""
    spent = []
    plain = httpx.HTTPTransport.handle_request

    def timed(transport: HTTPTransport, request: Request) -> Response:
        began = time.perf_counter()
        try:
            return plain(transport, request)
        finally:
            spent.append(time.perf_counter() - began)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", timed)
    return spent


@pytest.fixture
def bare_commits(tmp_path: Path) -> Callable[..., Any]:
    """Seconds of n bare commits of one row each (median): SQLite, write-ahead log, synchronous FULL."""

    def measure(count: Any) -> Any:
        raw = sqlite3.connect(tmp_path / "floor.db", isolation_level=None)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE steps (id INTEGER PRIMARY KEY, text TEXT)")
        times = []
        for _ in range(200):
            begin = time.perf_counter()
            for _ in range(count):
                raw.execute("BEGIN IMMEDIATE")
                raw.execute("INSERT INTO steps (text) VALUES (?)", ("x" * 200,))
                raw.execute("COMMIT")
            times.append(time.perf_counter() - begin)
        raw.close()
        return median(times)

    return measure


def test_submission_of_one_order(
    benchmark: BenchmarkFixture, tmp_path: Path, waiting: list[Any], bare_commits: Callable[..., Any]
) -> None:
    own = []
    numbers = iter(range(1_000_000))
    with rig(tmp_path, AT, {"QQQ": 10.0}) as at:
        at.fake.app.account.cash = 1e9
        with Ledger.open(tmp_path / "ledger.db", account="schwab-4321", now=AT) as ledger:
            submission = Submission(at.broker, ledger, at.clock)
            states = []

            def fresh_day() -> None:
                at.fake.app.book.roots.clear()  # the day's order list stays short, as it is in life
                waiting.clear()

            def one() -> None:
                began = time.perf_counter()
                name = f"20261119_QQQ_entry_buy_r{next(numbers) + 1}"
                plan = OrderPlan(name, "golden", date(2026, 11, 19), "online_live", "QQQ", "buy", "entry", 10)
                states.append(submission.send(plan).state)
                own.append(time.perf_counter() - began - sum(waiting))

            benchmark.pedantic(one, setup=fresh_day, rounds=ROUNDS, warmup_rounds=5)
    assert set(states) == {JournalState.FILLED}
    if benchmark.stats is not None:
        mine, floor_seconds = median(own[5:]), bare_commits(COMMITS)
        benchmark.extra_info["own overhead, ms"] = round(mine * 1e3, 3)
        benchmark.extra_info["bare fsync floor, ms"] = round(floor_seconds * 1e3, 3)
        benchmark.extra_info["ratio to floor"] = round(mine / floor_seconds, 2)
