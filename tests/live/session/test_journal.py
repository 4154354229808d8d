from __future__ import annotations

from datetime import UTC, datetime

from live.ledger.ledger import Ledger
from live.session.journal import keep_trades
from tests.support.orb_sessions import DAY, QUIET, plan, session

NOW = datetime(2024, 1, 5, 12, tzinfo=UTC)


def test_a_trade_is_written_when_it_ended_and_only_once() -> None:
    with Ledger.open("sqlite://", account="paper-orb", now=NOW) as ledger:
        running = session(plan(), QUIET, ended=False)
        assert keep_trades(ledger, running, "orb_2024-01-05", at=NOW) == 0
        running.end()
        assert keep_trades(ledger, running, "orb_2024-01-05", at=NOW) == 1
        assert keep_trades(ledger, running, "orb_2024-01-05", at=NOW) == 0
        (row,) = ledger.trade_journal.of_day(DAY.day)
    assert (row.mode, row.outcome, row.run_id, row.created_at) == ("paper", "scratch", "orb_2024-01-05", NOW)
    assert row.risk_check_passed is True
