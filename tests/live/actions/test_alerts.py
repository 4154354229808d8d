"""Acknowledging: once, by name, in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from backtest.core.errors import UsageError
from live.actions.alerts import acknowledge
from live.ledger.ledger import Ledger

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open("sqlite://", account="paper", now=AT) as opened:
        opened.alerts.add("k", level="critical", title="t", body="b", at=AT)
        yield opened


def test_the_first_who_knows_counts(ledger: Ledger) -> None:
    assert acknowledge(ledger, 1, actor="me", at=AT)[1] is True
    alert, new = acknowledge(ledger, 1, actor="you", at=AT)
    assert (alert.acknowledged_by, alert.acknowledged_at, new) == ("me", AT, False)
    (row,) = ledger.audit.all()
    assert (row.action, row.actor, row.subject, row.after) == ("alerts ack", "me", "1 k", "acknowledged")


def test_another_accounts_alert_is_none_of_this_one(ledger: Ledger) -> None:
    other = ledger.for_account("other")
    with pytest.raises(UsageError, match="no such alert"):
        acknowledge(other, 1, actor="me", at=AT)
    assert ledger.alerts.unsent()[0].acknowledged_at is None
