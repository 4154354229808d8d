"""History through both stages: a ledger of its own, a range that trades, a stop at the first failure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from backtest.core.candidate import Candidate
from backtest.core.errors import JutsuError, UsageError
from live.model.run import DAILY, Replay
from live.replay.replay import ORDER_COLUMNS, replay, scheduled
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from live.signal_generator import GeneratorRequest, approved_groups
from live.system.clock import SimulatedClock
from tests.support.exec_world import AT
from tests.support.paths import PROJECT

MONDAY, WEDNESDAY = date(2024, 3, 11), date(2024, 3, 13)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    options = Options(
        config=PROJECT / "config" / "live.yaml",
        state_db=tmp_path / "ledger.db",
        output_dir=tmp_path / "signals",
        cash=100_000.0,
        mode="offline_mock",
    )
    with open_runtime("replay", options, Replay(), SimulatedClock(AT)) as opened:
        yield opened


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_every_session_is_played_marked_and_written(runtime: Runtime) -> None:
    seen: list[date] = []
    result = replay(runtime, start=date(2024, 3, 9), end=WEDNESDAY, on_session=seen.append)
    assert seen == [MONDAY, date(2024, 3, 12), WEDNESDAY]
    assert (result.sessions, result.failures) == (3, ())
    equity = rows(result.equity_file)
    assert equity[0] == ["date", "equity"]
    assert [day for day, _ in equity[1:]] == [day.isoformat() for day in seen]
    orders = rows(result.orders_file)
    assert tuple(orders[0]) == ORDER_COLUMNS
    assert {row[1] for row in orders[1:]} == {"golden"}
    assert {path.name for path in runtime.signals.glob("equity_*.csv")} == {
        "equity_golden.csv",
        "equity_titan.csv",
    }


def test_a_ledger_with_sessions_and_a_range_without_are_refused(runtime: Runtime) -> None:
    with pytest.raises(UsageError, match="no trading session"):
        replay(runtime, start=date(2024, 3, 9), end=date(2024, 3, 10))
    replay(runtime, start=MONDAY, end=MONDAY)
    with pytest.raises(UsageError, match="has sessions already") as refused:
        replay(runtime, start=MONDAY, end=WEDNESDAY)
    assert refused.value.exit_code == 2


def test_only_an_account_of_its_own_is_played_on(tmp_path: Path) -> None:
    options = Options(config=PROJECT / "config" / "live.yaml", state_db=tmp_path / "ledger.db")
    with (
        open_runtime("replay", options, DAILY, SimulatedClock(AT)) as daily,
        pytest.raises(JutsuError, match="an account of its own"),
    ):
        replay(daily, start=MONDAY, end=MONDAY)


def test_a_session_that_fails_is_named_and_ends_the_replay(runtime: Runtime) -> None:
    runtime.ledger.state.set_kill("all", reason="a test", by="me", at=AT)
    seen: list[date] = []
    with pytest.raises(JutsuError, match="signal_generator ended with 3") as stopped:
        replay(runtime, start=MONDAY, end=WEDNESDAY, on_session=seen.append)
    assert (stopped.value.exit_code, stopped.value.where, seen) == (3, f"session {MONDAY}", [])


def test_with_keep_going_every_failure_is_listed(runtime: Runtime) -> None:
    runtime.ledger.state.set_kill("all", reason="a test", by="me", at=AT)
    result = replay(runtime, start=MONDAY, end=date(2024, 3, 12), keep_going=True)
    assert [(f.session, f.stage, f.code) for f in result.failures] == [
        (MONDAY, "signal_generator", 3),
        (date(2024, 3, 12), "signal_generator", 3),
    ]


def test_candidates_are_due_when_the_entry_mode_says(runtime: Runtime) -> None:
    made = [Candidate("AAA", date(2024, 3, 8), "A"), Candidate("BBB", MONDAY, "A")]
    groups = approved_groups(runtime, GeneratorRequest(strategies=("ema_p10",)))
    report = scheduled(made, groups)
    due = {day: report(day).candidates for day in (date(2024, 3, 8), MONDAY, date(2024, 3, 12))}
    assert sorted(c.ticker for found in due.values() if found for c in found) == ["AAA", "BBB"]
    with pytest.raises(UsageError, match="positions strategy"):
        scheduled(made, approved_groups(runtime, GeneratorRequest(strategies=("golden",))))
