"""The same ledger through SQLAlchemy, as a database server is reached, and the values it would be given."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from live.ledger.errors import LedgerError, LedgerUnavailable
from live.ledger.ledger import Ledger, OrderPlan
from live.ledger.server import ServerLink
from live.model.order_state import JournalState

NOW = dt.datetime(2026, 11, 20, 20, 55, 1, 250, tzinfo=dt.UTC)
PLAN = OrderPlan(
    client_order_id="20261120_SPY_buy", variant="golden", session=NOW.date(), mode="offline_mock",
    symbol="SPY", side="buy", intent="rebalance", quantity=7, rank=0.5, details={"ü": [1, None]},
    reference_price=Decimal("101.1234567"),
)  # fmt: skip


def url(path: Path) -> str:
    return f"sqlite+pysqlite:///{path}"


def test_both_ways_write_and_read_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(url(path), account="paper", now=NOW) as served:
        assert isinstance(served._db.link, ServerLink)
        served.orders.plan(PLAN, at=NOW)
        served.orders.transition(PLAN.client_order_id, JournalState.SENDING, at=NOW, body=None)
        served.alerts.add("k", level="info", title="t", body="b", at=NOW)
        served.alerts.mark_failed(1, "no")
        assert served.state.get("created") == NOW.isoformat()
        there = served.orders.get(PLAN.client_order_id)
    with Ledger.open(path, account="paper", now=NOW) as direct:
        here = direct.orders.get(PLAN.client_order_id)
        assert here is not None
        assert there is not None
        assert vars(here) == vars(there)
        assert (here.reference_price, here.details) == (Decimal("101.123457"), {"ü": [1, None]})
        assert here.planned_at == here.sent_at == NOW
        assert [alert.attempts for alert in direct.alerts.unsent()] == [1]
        assert direct.orders.plan(replace(PLAN, rank=1.0), at=NOW).id == here.id


def set_and_fail(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.state.set("a", "1", at=NOW)
        raise ZeroDivisionError


def test_what_fails_inside_a_transaction_is_taken_back(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path / "ledger.db"), account="paper", now=NOW) as served:
        with pytest.raises(ZeroDivisionError):
            set_and_fail(served)
        assert served.state.get("a") is None


def test_errors_are_explained(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="cannot be opened"):
        Ledger.open(url(tmp_path / "none" / "ledger.db"), account="paper", now=NOW)
    with (
        Ledger.open(url(tmp_path / "ledger.db"), account="paper", now=NOW) as served,
        pytest.raises(LedgerError, match="no such table"),
    ):
        served._db.rows("SELECT 1 FROM nowhere", {})
