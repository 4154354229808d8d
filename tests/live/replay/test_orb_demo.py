from __future__ import annotations

from datetime import date
from pathlib import Path

from live.ledger.ledger import Ledger
from live.replay import orb_demo
from live.system.clock import SystemClock


def test_days_in_a_row_each_from_its_plan_to_its_journal(tmp_path: Path) -> None:
    done = orb_demo.run_orb_demo(tmp_path / "demo", tmp_path / "signals", date(2024, 1, 7), 2, history=4)
    assert done.days == (date(2024, 1, 4), date(2024, 1, 5))
    plans = sorted(path.name for path in (tmp_path / "signals").glob("*.json"))
    assert plans == ["orb_plan_2024-01-04.json", "orb_plan_2024-01-05.json"]
    assert done.view.session is not None
    assert (done.view.session.state, done.view.session.open_trades) == ("over", ())
    with Ledger.open(tmp_path / "demo" / "ledger.db", account="paper-orb", now=SystemClock().now()) as ledger:
        outcomes = {row.outcome for row in ledger.signals.recent(5)}
        trades = ledger.trade_journal.all()
    assert outcomes == {"completed"}
    assert {row.trading_day for row in trades} == set(done.days)
    assert not [row for row in trades if row.exit_reason == "risk:late_bar"]
    assert done.view.days[-1].total_r == round(sum(row.pnl_r or 0 for row in trades), 4)
    assert "<html" in done.page.read_text()
