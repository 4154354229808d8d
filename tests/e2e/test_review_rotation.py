"""While entries are forbidden nothing is sold to make room for one."""

import json
from pathlib import Path

from tests.support.earnings_world import MON, TUE, WED, new_trader


def test_no_rotation_is_proposed_while_the_kill_switch_forbids_entries(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA", "BBB", "CCC", max_positions=2)
    trader.trade(MON, "AAA", "BBB")
    trader.stocks.level("AAA", TUE, 95.0)
    trader.trade(TUE)
    with trader.at(f"{TUE}T12:00") as runtime:
        runtime.ledger.state.set_kill(
            "entries", reason="a stop failed", by="executor", at=runtime.clock.now()
        )
    report = trader.report(WED, "CCC", score=95.0)
    ran = trader.user.generate(f"{WED}T09:15", "--strategy", "ema_p10", "--report-file", str(report))
    assert ran.code == 0
    told = json.loads(trader.user.file(WED, "ema_p10").read_text())
    assert told["orders"] == []
    assert any("kill switch" in text and "a stop failed" in text for text in told["warnings"])
    trader.execute(WED)
    assert trader.positions() == {"AAA": 100, "BBB": 100}
