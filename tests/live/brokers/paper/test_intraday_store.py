from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from live.brokers.paper.intraday_store import IntradayOrder, IntradayStore
from live.model.broker import OrderState

AT = datetime(2024, 1, 5, tzinfo=UTC)
ORDER = IntradayOrder(0, "a", "MGC", "sell", 2, OrderState.WORKING, "market", None, None, AT)


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "account.db"
    store = IntradayStore(path, Decimal(50_000))
    order = store.add_order(ORDER)
    store.fill(order, 2001.05, Decimal("8.40"), AT)
    store.open_position(order, 2001.05, AT)
    store.move_cash(Decimal("-8.40"))
    store.keep_newest({"minute": "x", "close": 1.5})
    store.close()
    again = IntradayStore(path, Decimal(1))
    assert again.cash() == Decimal("49991.60")
    assert again.newest() == {"minute": "x", "close": 1.5}
    (position,) = again.positions()
    assert (position.entry, position.sign, position.entered) == (2001.05, -1, AT)
    assert position.order.state is OrderState.FILLED
    assert again.executions(position.order)[0].price == Decimal("2001.05")
    assert again.by_client_id("a") == again.order(order.id)
    again.close_position(order.id)
    assert again.positions() == []
    again.close()
