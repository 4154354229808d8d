"""Alpaca confirms a cancel before its last fill is counted: no share is bought twice, none lacks its stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.alpaca.app import AlpacaApp
from tests.fakes.alpaca.orders import AlpacaOrder
from tests.support.http_stage import Stage, stage

#: seconds after the cancel until order and activities show the last fill
LATE = timedelta(seconds=6)


class Stale:
    """The fills of one order beyond its first 50 shares are shown late."""

    def __init__(self, run: Stage, patch: pytest.MonkeyPatch) -> None:
        self.app = run.fake.app
        self.ended: datetime | None = None
        row, fills = AlpacaOrder.row, AlpacaApp._fills

        def shown(order: AlpacaOrder) -> dict[str, Any]:
            return row(order) | ({"filled_qty": "50"} if self.hides(order) else {})

        def listed(app: AlpacaApp, query: dict[str, str]) -> list[dict[str, Any]]:
            hidden = {order.id for order in app.book.all() if self.hides(order)}
            return [f for f in fills(app, query) if f["order_id"] not in hidden or f["qty"] == "50"]

        patch.setattr(AlpacaOrder, "row", shown)
        patch.setattr(AlpacaApp, "_fills", listed)

    def hides(self, order: AlpacaOrder) -> bool:
        if order.filled != 80:
            return False
        now = self.app.clock.now()
        if order.status == "canceled" and self.ended is None:
            self.ended = now
        return self.ended is None or now < self.ended + LATE


@pytest.mark.parametrize("lag", [0, 10])
def test_80_of_100_filled_and_50_shown_buys_20_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lag: int
) -> None:
    with stage(tmp_path / "desk", monkeypatch, capsys, broker="alpaca") as run:
        run.fake.call("lag", {"seconds": lag})
        steps = [{"quantity": 50, "price": 100.0, "after": 1}, {"quantity": 30, "price": 100.0, "after": 2}]
        run.fake.call("scripts", {"match": {"symbol": "AAA", "side": "buy"}, "fills": steps})
        stale = Stale(run, monkeypatch)
        assert run.execute() == 0, run.text
        assert stale.ended is not None
        state = run.fake.state()
        bought = [(o["qty"], o["filled_qty"]) for o in state["orders"] if o["side"] == "buy"]
        assert sorted(bought) == [("100", "100"), ("100", "80"), ("20", "20")]
        assert state["positions"] == {"AAA": 100, "BBB": 100}
        with run.project.ledger() as ledger:
            assert ledger.positions.shares() == {"AAA": 100, "BBB": 100}
            assert ledger.state.kill_level() == "none"
        resting = [o for o in state["orders"] if o["type"] == "stop" and o["status"] == "new"]
        assert sorted((o["symbol"], o["qty"]) for o in resting) == [("AAA", "100"), ("BBB", "100")]
