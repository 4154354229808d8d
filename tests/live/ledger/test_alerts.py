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
    ledger.alerts.address(alert.id, ["mail", "phone"], at=NOW)
    ledger.alerts.tried(alert.id, "mail", at=NOW)
    ledger.alerts.tried(alert.id, "phone", at=NOW, error="timeout")
    ledger.alerts.address(alert.id, ["mail", "phone"], at=NOW + timedelta(days=1))
    found = [(r.channel, r.attempts, r.delivered_at, r.error) for r in ledger.alerts.deliveries(alert.id)]
    assert found == [("mail", 1, NOW, ""), ("phone", 1, None, "timeout")]


def test_critical_alerts_come_before_older_ones(ledger: Ledger) -> None:
    for key, level in (("a", "info"), ("b", "critical"), ("c", "warning"), ("d", "critical")):
        ledger.alerts.add(key, level=level, title="t", body="b", at=NOW)
    assert [row.key for row in ledger.alerts.unsent()] == ["b", "d", "a", "c"]
