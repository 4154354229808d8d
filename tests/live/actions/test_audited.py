"""An action and its row are one commit; a refusal is a row by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from backtest.core.errors import LimitError
from live.actions.audited import TERMINAL, Via, audited, recorded
from live.actions.kill_switch import kill, resume
from live.actions.mode import offline, online
from live.ledger.ledger import Ledger
from live.system.clock import SimulatedClock
from tests.support.review_world import NOW


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Return an empty ledger."""
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=NOW) as made:
        yield made


def words(ledger: Ledger) -> list[tuple[str, str, str, str, str, str]]:
    """Return who did what to what, how it was and is, and the outcome, oldest first."""
    return [(r.actor, r.action, r.subject, r.before, r.after, r.outcome) for r in ledger.audit.all()]


def half_done(ledger: Ledger, error: BaseException, via: Via = TERMINAL) -> None:
    """Begin an action and fail."""
    with audited(ledger, "kill", actor="me", subject="all", at=NOW, via=via):
        ledger.state.set("something", "1", at=NOW)
        raise error


def test_a_refusal_takes_the_action_back_and_is_written(ledger: Ledger) -> None:
    with pytest.raises(LimitError):
        half_done(ledger, LimitError("too late", where="here"), via=Via("web", "10.0.0.7"))
    assert ledger.state.get("something") is None
    assert words(ledger) == [("me", "kill", "all", "", "", "refused: here: too late")]
    (row,) = ledger.audit.all()
    assert (row.via, row.address) == ("web", "10.0.0.7")


def test_a_crash_leaves_neither_action_nor_row(ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt):
        half_done(ledger, KeyboardInterrupt())
    assert ledger.state.get("something") is None
    assert words(ledger) == []


def test_switches_and_mode_are_written(ledger: Ledger) -> None:
    kill(ledger, level="entries", reason="a look first", actor="me", at=NOW)
    kill(ledger, level="all", reason="stop", actor="you", at=NOW)
    resume(ledger, actor="me", at=NOW)
    resume(ledger, actor="me", at=NOW)  # it was off: nothing was done
    online(ledger, "trade real money", actor="me", at=NOW)
    offline(ledger, actor="me", at=NOW)
    assert words(ledger) == [
        ("me", "kill", "entries", "none", "entries: a look first", "done"),
        ("you", "kill", "all", "entries", "all: stop", "done"),
        ("me", "resume", "all", "all: stop", "none", "done"),
        ("me", "online", "paper", "not confirmed", "confirmed", "done"),
        ("me", "offline", "paper", "confirmed", "not confirmed", "done"),
    ]


def test_what_was_typed_wrong_is_a_refusal(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="not confirmed"):
        online(ledger, "yes", actor="me", at=NOW)
    ((_, action, _, _, _, outcome),) = words(ledger)
    assert action == "online"
    assert outcome.startswith("refused: online_live: not confirmed")


def test_an_action_outside_the_ledger_is_one_row_when_it_is_over(ledger: Ledger) -> None:
    clock = SimulatedClock(NOW)
    with recorded(ledger, "panic", actor="me", subject="our positions", clock=clock) as effect:
        ledger.state.set("sold", "1", at=NOW)
        effect.after = "QQQ sold"
    with contextlib.suppress(LimitError), recorded(ledger, "edit", actor="me", subject="a file", clock=clock):
        ledger.state.set("written", "1", at=NOW)
        raise LimitError("too late")
    assert [(row[1], row[4], row[5]) for row in words(ledger)] == [
        ("panic", "QQQ sold", "done"),
        ("edit", "", "not done: too late"),
    ]
    assert ledger.state.get("written") == "1"  # what was done outside stays done


def test_a_log_that_cannot_be_written_does_not_stop_a_panic(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.audit._change("DROP TABLE audit_log", {})
    with recorded(ledger, "panic", actor="me", subject="ours", clock=SimulatedClock(NOW)):
        pass
    assert "the audit log cannot be written" in caplog.text
