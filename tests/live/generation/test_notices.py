"""What stage 1 says before it decides: each alarm once; a failure that cannot be noted is logged."""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.errors import DataError, UsageError
from backtest.strategies.family import ALLOCATION
from backtest.trading.risk.breakers import Trip, Verdict
from live.alerts.causes import remedy_of
from live.books.breakers import Judged
from live.books.variants import BookVariant
from live.generation.candidates import BLOCKED, CandidateInput, no_candidates
from live.generation.due import Due
from live.generation.notices import alert_breakers, alert_unprotected, note_failure, tell_blocked_entries
from live.ledger.errors import LedgerUnavailable
from live.model.run import AsOf, DryRun, PastSession
from live.runtime.runtime import Runtime
from tests.support.exec_world import DAY, StubStrategy, World, world

STUB: Any = StubStrategy()
GOLDEN = BookVariant(STUB, "primary", "golden")
ERROR = DataError("QQQ has no bar of 2025-03-05", where="QQQ", remedy="import it")


@pytest.fixture
def made(tmp_path: Path) -> World:
    return world(tmp_path)


def hold(
    runtime: Runtime, symbol: str, quantity: int, *, variant: str = "golden", protected: bool = False
) -> None:
    positions = runtime.ledger.positions
    positions.buy(
        variant, symbol, quantity, Decimal(100), session=DAY, mode="offline_mock", at=runtime.clock.now()
    )
    row = positions.get(variant, symbol)
    assert row is not None
    positions.set_stop(
        row.id,
        needs_stop=True,
        stop_price=Decimal(90),
        stop_client_order_id="20250305_AAA_stop_sell" if protected else None,
        stop_broker_order_id="b1" if protected else None,
        stop_expires_at=None,
    )


def test_a_book_whose_positions_are_protected_says_nothing(made: World) -> None:
    runtime = made.open()
    alert_unprotected(runtime.context, GOLDEN)
    hold(runtime, "AAA", 10, protected=True)
    hold(runtime, "BBB", 5, variant="titan")
    alert_unprotected(runtime.context, GOLDEN)
    assert runtime.ledger.alerts.recent() == ()


def test_positions_without_a_stop_are_named_once_and_again_when_they_change(made: World) -> None:
    runtime = made.open()
    hold(runtime, "AAA", 10)
    for _ in range(2):
        alert_unprotected(runtime.context, GOLDEN)
    (first,) = runtime.ledger.alerts.recent()
    assert (first.level, first.title) == ("critical", "golden: 1 position(s) without a stop")
    assert first.body.startswith("10 AAA: no protective stop rests at the broker")
    hold(runtime, "BBB", 5)
    alert_unprotected(runtime.context, GOLDEN)
    assert len(runtime.ledger.alerts.recent()) == 2


def test_each_alarm_of_the_breakers_is_its_own_critical_alert(made: World) -> None:
    runtime = made.open()
    daily = Trip("daily_loss", DAY, equity=94_000.0, reference=100_000.0, loss_pct=6.0, limit=5.0)
    fall = Trip("drawdown", DAY, equity=84_000.0, reference=100_000.0, loss_pct=16.0, limit=10.0)
    verdict: Any = SimpleNamespace(alert=True, drawdown_pct=16.0, peak=100_000.0)
    for _ in range(2):
        alert_breakers(runtime.context, Judged(verdict, (daily, fall)))
    alerts = runtime.ledger.alerts.recent()
    assert {(a.level, a.title) for a in alerts} == {("critical", "a circuit breaker tripped")}
    keys = [a.key for a in reversed(alerts)]
    assert keys == [f"daily_loss_all_{DAY}", f"drawdown_all_{DAY}", f"deep_drawdown_all_{DAY}"]
    assert "16.0 % below its peak" in alerts[0].body


def test_a_failure_is_in_the_run_log_with_its_exit_code(made: World) -> None:
    runtime = made.open()
    note_failure(runtime.context, GOLDEN, ERROR)
    row = runtime.ledger.runs.get(DAY, "golden")
    assert row is not None
    assert row.generator_exit == 5
    assert "QQQ has no bar" in str(row.detail)


def test_a_run_that_keeps_nothing_notes_nothing(made: World) -> None:
    runtime = replace(made.open(), run=DryRun())
    note_failure(runtime.context, GOLDEN, ERROR)
    assert runtime.ledger.runs.get(DAY, "golden") is None


def test_a_mistake_of_a_person_about_a_past_session_is_no_run_of_it(made: World) -> None:
    """Found by: `--as-of` of an earlier day was refused, and `jutsu runs` listed that day as stopped."""
    mistake, runs = UsageError("the ledger already knows a later session"), made.open().ledger.runs
    past = replace(made.open(), run=PastSession(AsOf(DAY, None)))
    note_failure(past.context, GOLDEN, mistake)
    assert runs.get(DAY, "golden") is None
    note_failure(past.context, GOLDEN, ERROR)  # the data of that session are about that session
    assert runs.get(DAY, "golden") is not None


def test_a_mistake_that_keeps_todays_run_from_coming_about_is_noted(made: World) -> None:
    runtime = made.open()
    note_failure(runtime.context, GOLDEN, UsageError("the strategy file is wrong"))
    assert runtime.ledger.runs.get(DAY, "golden") is not None


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), LedgerUnavailable("the disk is full")]
)
def test_a_failure_that_cannot_be_noted_does_not_hide_itself(
    made: World, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = made.open()

    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(runtime.ledger.runs, "generator_failed", fails)
    with caplog.at_level(logging.WARNING):
        note_failure(runtime.context, GOLDEN, ERROR)
    assert "the failure could not be recorded" in caplog.text


TRIP = Trip("drawdown", DAY, 790.0, 1000.0, 21.0, 20.0)
DRAWDOWN = Judged(Verdict((TRIP,), None, 21.0, 1000.0, alert=False))


@pytest.mark.parametrize(
    ("report", "does", "never"),
    [
        (no_candidates("there is no report"), "book's folder of reports", "resume"),
        (
            CandidateInput().blocked("killed", remedy_of("kill_switch")),
            "jutsu resume",
            "report",
        ),
        (CandidateInput().blocked(DRAWDOWN.blocked, *DRAWDOWN.remedies), "new peak", "report"),
    ],
)
def test_blocked_entries_say_what_ends_their_own_cause(
    made: World, report: CandidateInput, does: str, never: str
) -> None:
    runtime = made.open()
    session = calendar.session(DAY)
    assert session is not None
    due = Due(session, calendar.window(session, "close"), runtime.clock.now())
    tell_blocked_entries(runtime.context, GOLDEN, due, report)
    (alert,) = runtime.ledger.alerts.recent()
    assert alert.title == f"golden {DAY}: no entries today"
    remedy = alert.body.split("What to do: ")[1]
    assert does in remedy
    assert never not in remedy


def test_each_cause_that_blocks_has_its_remedy() -> None:
    both = no_candidates("there is no report").blocked("killed", remedy_of("kill_switch"))
    assert len(both.problems) == len(both.remedies) == 2


@pytest.mark.parametrize(("report", "heard"), [("breaker", False), ("switch", True)])
def test_a_book_of_weights_hears_of_the_switch_and_not_again_of_a_breaker(
    made: World, report: str, heard: bool
) -> None:
    runtime = made.open()
    session = calendar.session(DAY)
    assert session is not None
    due = Due(session, calendar.window(session, "close"), runtime.clock.now())
    weights = BookVariant(replace(STUB, family=ALLOCATION), "primary", "golden")
    blocked = {
        "breaker": CandidateInput().blocked(DRAWDOWN.blocked, *DRAWDOWN.remedies),
        "switch": CandidateInput().blocked(f"{BLOCKED}: the kill switch is on", remedy_of("kill_switch")),
    }
    tell_blocked_entries(runtime.context, weights, due, blocked[report])
    assert bool(runtime.ledger.alerts.recent()) == heard
