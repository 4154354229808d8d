"""The trade journal of a session in the ledger: each trade once, when it ended or was turned away."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from backtest.simulator.intraday.journal import journal_of

if TYPE_CHECKING:
    from backtest.simulator.intraday.engine import SessionEngine
    from live.ledger.ledger import Ledger


def keep_trades(ledger: Ledger, session: SessionEngine, run_id: str, *, at: datetime) -> int:
    """Write the trades of a session that are over so far; return how many were new."""
    before = {row.strategy_id for row in ledger.trade_journal.of_day(session.plan.day.day)}
    new = [
        row for row in journal_of(session, "paper", run_id, created_at=at) if row.strategy_id not in before
    ]
    if new:
        with ledger.transaction():
            for row in new:
                values = asdict(row)
                del values["journal_id"]  # the ledger numbers them
                ledger.trade_journal.add({**values, "direction": str(row.direction)})
    return len(new)
