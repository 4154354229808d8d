"""Each channel of an alert in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from live.ledger.ledger import Ledger
from live.views.alerts import alert_lines

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)


def test_every_state_of_a_channel() -> None:
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        alert = ledger.alerts.add("k", level="critical", title="t", body="b", at=AT, html="<p>b</p>", run="r")
        ledger.alerts.address(alert.id, dict.fromkeys(("a", "b", "c", "d", "digest"), AT), at=AT)
        ledger.alerts.delivered(alert.id, "a", at=AT)
        ledger.alerts.failed(alert.id, "b", at=AT, error="refused", due=AT + timedelta(minutes=5))
        ledger.alerts.failed(alert.id, "c", at=AT, error="no answer", due=None)
        (line,) = alert_lines(ledger, 5)
    assert [(one.channel, one.state) for one in line.channels] == [
        ("a", "delivered"),
        ("b", "failing"),
        ("c", "dead"),
        ("d", "waiting"),
        ("digest", "digest"),
    ]
    assert line.outcome() == (
        "a delivered; b failing, next 21:05: refused; c dead: no answer; d waiting; digest digest"
    )
    assert (line.html, line.run, line.acknowledged_at) == (True, "r", None)


def test_an_alert_for_no_channel_says_why() -> None:
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        for key, note in (("a", "not sent: no channel is configured"), ("b", "")):
            alert = ledger.alerts.add(key, level="info", title="t", body="b", at=AT)
            ledger.alerts.mark_sent(alert.id, at=AT, note=note)
        ledger.alerts.add("c", level="info", title="t", body="b", at=AT)
        found = [line.outcome() for line in alert_lines(ledger, 5)]
    assert found == ["waiting", "delivered", "not sent: no channel is configured"]
