"""The outbox table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from live.ledger.ledger import Ledger
from tests.support.ledger_samples import DAY, NOW


def test_alerts_stay_in_the_outbox_until_sent(ledger: Any) -> None:
    alert = ledger.alerts.add("stop_failed", level="critical", title="t", body="b", at=NOW)
    ledger.alerts.mark_failed(alert.id, "timeout")
    (waiting,) = ledger.alerts.unsent()
    assert (waiting.attempts, waiting.error) == (1, "timeout")

    ledger.alerts.mark_sent(alert.id, at=NOW)

    assert ledger.alerts.unsent() == ()
    assert ledger.alerts.recent()[0].sent_at == NOW
    # 04:59 UTC on the 21st is still the 20th in New York
    late = ledger.alerts.add(
        "late", level="info", title="", body="", at=datetime(2026, 11, 21, 4, 59, tzinfo=UTC)
    )
    assert ledger.alerts.seen(late.key, DAY)
    assert not ledger.alerts.seen(late.key, DAY + timedelta(days=1))


def test_each_channel_has_its_own_deliveries(ledger: Ledger) -> None:
    alert = ledger.alerts.add("k", level="info", title="t", body="b", at=NOW)
    later = NOW + timedelta(minutes=1)
    ledger.alerts.address(alert.id, {"mail": NOW, "phone": NOW}, at=NOW)
    assert [row.channel for row in ledger.alerts.due(NOW)] == ["mail", "phone"]
    ledger.alerts.delivered(alert.id, "mail", at=NOW)
    ledger.alerts.failed(alert.id, "phone", at=NOW, error="timeout", due=later)
    ledger.alerts.address(alert.id, {"mail": later, "phone": later}, at=NOW + timedelta(days=1))
    assert ledger.alerts.due(NOW) == ()
    assert [row.channel for row in ledger.alerts.due(later)] == ["phone"]
    found = [(r.channel, r.attempts, r.delivered_at, r.error) for r in ledger.alerts.deliveries(alert.id)]
    assert found == [("mail", 1, NOW, ""), ("phone", 1, None, "timeout")]


def test_what_is_given_up_is_dead_and_never_due(ledger: Ledger) -> None:
    alert = ledger.alerts.add("k", level="info", title="t", body="b", at=NOW)
    ledger.alerts.address(alert.id, {"mail": NOW}, at=NOW)
    ledger.alerts.failed(alert.id, "mail", at=NOW, error="timeout", due=None)
    assert ledger.alerts.due(NOW + timedelta(days=9)) == ledger.alerts.failing() == ()
    assert [row.error for row in ledger.alerts.dead(NOW)] == ["timeout"]
    assert ledger.alerts.dead(NOW + timedelta(seconds=1)) == ()


def test_what_waits_for_the_digest_is_not_due(ledger: Ledger) -> None:
    alert = ledger.alerts.add("k", level="info", title="t", body="b", at=NOW)
    assert [row.id for row in ledger.alerts.unaddressed()] == [alert.id]
    ledger.alerts.address(alert.id, {"digest": NOW}, at=NOW)
    assert ledger.alerts.unaddressed() == ledger.alerts.due(NOW) == ()
    ledger.alerts.digested(ledger.alerts.for_digest(), at=NOW)
    assert ledger.alerts.for_digest() == ()


def test_a_critical_is_open_until_somebody_knows_of_it(ledger: Ledger) -> None:
    critical = ledger.alerts.add("a", level="critical", title="t", body="b", at=NOW)
    ledger.alerts.mark_sent(critical.id, at=NOW)
    past = ledger.alerts.add("b", level="critical", title="t", body="b", at=NOW)
    ledger.alerts.mark_sent(past.id, at=NOW, note="not sent: the run was about a past session")
    ledger.alerts.add("waits", level="critical", title="t", body="b", at=NOW)
    calm = ledger.alerts.add("c", level="warning", title="t", body="b", at=NOW)
    ledger.alerts.mark_sent(calm.id, at=NOW)
    soon = NOW + timedelta(seconds=1)
    assert [row.id for row in ledger.alerts.unacknowledged(soon)] == [critical.id]
    assert ledger.alerts.unacknowledged(NOW) == ()
    ledger.alerts.acknowledge(critical.id, by="me", at=NOW)
    assert ledger.alerts.unacknowledged(soon) == ()


def test_critical_alerts_come_before_older_ones(ledger: Ledger) -> None:
    for key, level in (("a", "info"), ("b", "critical"), ("c", "warning"), ("d", "critical")):
        ledger.alerts.add(key, level=level, title="t", body="b", at=NOW)
    assert [row.key for row in ledger.alerts.unsent()] == ["b", "d", "a", "c"]
