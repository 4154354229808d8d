"""What becomes of an alert as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.alerts.addressing import address, level_of, named_channels, sum_up
from live.ledger.ledger import Ledger
from live.model.run import asked_for
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from tests.support.alert_context import AlertContext

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AlertContext]:
    monkeypatch.setenv("JUTSU_ALERT_URLS", "json://127.0.0.1:9/a")
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        yield AlertContext(ledger, tmp_path, SimulatedClock(AT))


def test_an_alert_ends_when_every_channel_has_ended(context: AlertContext) -> None:
    outbox = context.ledger.alerts
    alert = outbox.add("k", level="warning", title="t", body="b", at=AT)
    assert address(context, alert, to=("a", "b")) == ""
    outbox.delivered(alert.id, "a", at=AT)
    sum_up(outbox, alert.id, AT)
    assert outbox.unsent()[0].error == ""
    outbox.failed(alert.id, "b", at=AT, error="refused", due=AT)
    sum_up(outbox, alert.id, AT)
    assert outbox.unsent()[0].error == "failed: b: refused"
    outbox.failed(alert.id, "b", at=AT, error="refused", due=None)
    sum_up(outbox, alert.id, AT)
    assert outbox.unsent() == ()
    assert outbox.recent()[0].error == "gave up: b: refused"


def test_what_is_for_nobody_says_why(context: AlertContext) -> None:
    outbox = context.ledger.alerts
    quiet = outbox.add("quiet", level="info", title="t", body="b", at=AT)
    assert address(context, quiet) == ""
    past = outbox.add("past", level="critical", title="t", body="b", at=AT)
    context.run = asked_for("2025-03-05")
    assert address(context, past) == ""
    assert [row.error for row in outbox.recent()] == [
        "not sent: the run was about a past session",
        "not sent: below the level warning",
    ]


def test_a_level_nobody_knows_counts_as_critical(context: AlertContext) -> None:
    alert = context.ledger.alerts.add("k", level="loud", title="t", body="b", at=AT)
    assert level_of(alert) == "critical"


def test_names_of_the_settings() -> None:
    alerts = {"channels": {"critical": ["sms"], "info": ["digest"]}, "digest_channels": ["mail"]}
    wanted = Settings.model_validate({"alerts": alerts}).alerts
    assert named_channels(wanted) == {"sms", "digest", "mail"}
