"""One row per filled order, with its slippage."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live.ledger.ledger import TradeContext
from tests.support.ledger_samples import DAY, NOW, acked, execution


def test_trades_are_recorded_once_per_order_with_the_slippage_against_us_positive(ledger: Any) -> None:
    order = acked(ledger, 1)
    context = TradeContext("close", parameters={"sma_fast": 40}, context={"cell": 1, "t_norm": 0.4})
    assert ledger.trades.record(order, context, at=NOW) is None

    ledger.book([execution(1, 1, 40, "10.10")], at=NOW)
    ledger.trades.record(ledger.orders.by_broker_id("1"), context, at=NOW)
    ledger.book([execution(2, 1, 60, "10.10")], at=NOW)
    trade = ledger.trades.record(ledger.orders.by_broker_id("1"), context, at=NOW + timedelta(hours=1))

    assert (trade.quantity, trade.fill_price, trade.target_price, trade.at) == (
        100,
        Decimal("10.1"),
        Decimal(10),
        NOW,
    )
    assert trade.slippage_pct == pytest.approx(1.0)
    assert trade.parameters == {"sma_fast": 40}
    assert trade.context == {"cell": 1, "t_norm": 0.4}
    assert len(ledger.trades.recent()) == len(ledger.trades.between(DAY, DAY)) == 1
    assert ledger.trades.recent(mode="online_live") == ()


def test_selling_above_the_reference_is_negative_slippage(ledger: Any) -> None:
    ledger.positions.buy("golden", "TQQQ", 100, Decimal(5), session=DAY)
    acked(ledger, 1, side="sell")
    ledger.book([execution(1, 1, 100, "10.20", "sell")], at=NOW)

    trade = ledger.trades.record(ledger.orders.by_broker_id("1"), TradeContext("close"), at=NOW)

    assert trade.slippage_pct == pytest.approx(-2.0)
