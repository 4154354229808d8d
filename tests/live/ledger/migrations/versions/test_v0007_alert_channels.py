"""Revision 0007: what an older ledger said does not ring again, and what still waited is delivered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from live.ledger import migrate
from live.ledger.ledger import Ledger

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
ALERT = (
    "insert into alerts (id, account, key, level, title, body, created_at, sent_at, attempts, error) "
    "values (?, 'paper', ?, 'critical', 't', 'b', '2026-11-19 21:00:00', ?, 1, ?)"
)
DELIVERY = (
    "insert into alert_deliveries (account, alert_id, channel, attempts, last_at, delivered_at, error) "
    "values ('paper', ?, ?, 5, '2026-11-19 21:01:00', ?, ?)"
)
SENT = "2026-11-19 21:01:00"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate.run(connection, "0006")
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(ALERT, (1, "delivered", SENT, ""))
        raw.execute(ALERT, (2, "given up", SENT, "gave up: phone no answer"))
        raw.execute(ALERT, (3, "waits", None, "failed: phone no answer"))
        raw.execute(ALERT, (4, "never addressed", None, ""))
        raw.execute(DELIVERY, (1, "mail", SENT, ""))
        raw.execute(DELIVERY, (2, "mail", SENT, ""))
        raw.execute(DELIVERY, (2, "phone", None, "no answer"))
        raw.execute(DELIVERY, (3, "mail", SENT, ""))
        raw.execute(DELIVERY, (3, "phone", None, "no answer"))
    return path


def test_old_alerts_are_as_they_were(old: Path) -> None:
    with Ledger.open(old, account="paper", now=NOW) as ledger:
        alerts = ledger.alerts
        assert [(row.alert_id, row.channel) for row in alerts.due(NOW)] == [(3, "phone")]
        assert [(row.alert_id, row.channel) for row in alerts.dead(NOW - timedelta(days=7))] == [(2, "phone")]
        assert [row.key for row in alerts.unaddressed()] == ["never addressed"]
        assert alerts.unacknowledged(NOW) == ()
        assert [row.html for row in alerts.recent()] == [None] * 4
