"""The outbox table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.ledger_samples import DAY, NOW


def test_alerts_stay_in_the_outbox_until_sent(ledger: Any) -> None:
    alert = ledger.alerts.add("stop_failed", level="critical", title="t", body="b", at=NOW)
    ledger.alerts.mark_failed(alert.id, "timeout")
    (waiting,) = ledger.alerts.unsent()
    assert (waiting.attempts, waiting.error) == (1, "timeout")
    assert ledger.alerts.unsent(max_attempts=1) == ()

    ledger.alerts.mark_sent(alert.id, at=NOW)

    assert ledger.alerts.unsent() == ()
    assert ledger.alerts.recent()[0].sent_at == NOW
    # 04:59 UTC on the 21st is still the 20th in New York
    late = ledger.alerts.add(
        "late", level="info", title="", body="", at=datetime(2026, 11, 21, 4, 59, tzinfo=UTC)
    )
    assert ledger.alerts.seen(late.key, DAY)
    assert not ledger.alerts.seen(late.key, DAY + timedelta(days=1))
