from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from live.ledger.ledger import Ledger

NOW = datetime(2024, 1, 5, 12, tzinfo=UTC)
DAY = date(2024, 1, 5)
ROW: dict[str, Any] = {
    "mode": "paper", "run_id": "orb_2024-01-05", "trading_day": DAY, "strategy_id": "a", "orb_label": "1000",
    "entry_model": "E1", "direction": "long", "contracts": 2, "entry_ts": NOW, "entry_price": 2000.05,
    "stop_price": 1999.0, "target_price": 2003.0, "signal_price": 2000.0, "exit_ts": NOW,
    "exit_price": 2003.0, "exit_reason": "target_hit", "outcome": "win", "pnl_r": 1.5,
    "pnl_dollars": 42.5, "mae_r": 0.1, "mfe_r": 1.6, "risk_check_passed": True,
    "risk_check_reason": "", "created_at": NOW,
}  # fmt: skip


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.open("sqlite://", account="paper-orb", now=NOW)


def test_every_column_comes_back_as_it_was(ledger: Ledger) -> None:
    row = ledger.trade_journal.add(ROW)
    assert {name: getattr(row, name) for name in ROW} == ROW
    assert [one.id for one in ledger.trade_journal.of_day(DAY)] == [row.id]


def test_the_same_trade_again_changes_nothing(ledger: Ledger) -> None:
    first = ledger.trade_journal.add(ROW)
    again = ledger.trade_journal.add(ROW | {"pnl_r": -1.0})
    assert (again.id, again.pnl_r) == (first.id, 1.5)
    ledger.trade_journal.add(ROW | {"mode": "replay"})
    assert len(ledger.trade_journal.of_day(DAY)) == 2


def test_trades_by_day_newest_first_and_of_this_account_alone(ledger: Ledger) -> None:
    for number, day in enumerate((date(2024, 1, 8), DAY)):
        ledger.trade_journal.add(ROW | {"trading_day": day, "strategy_id": str(number)})
    assert [row.trading_day for row in ledger.trade_journal.all()] == [DAY, date(2024, 1, 8)]
    assert [row.strategy_id for row in ledger.trade_journal.recent(1)] == ["1"]
    assert ledger.for_account("paper").trade_journal.all() == ()
