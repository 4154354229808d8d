"""Fills, positions and cash move together and only once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import DisagreementError
from tests.support.ledger_samples import DAY, NOW, acked, execution


def test_fills_build_order_position_and_cash_in_one_step(ledger: Any) -> None:
    ledger.cash.reconciled(Decimal(10000), at=NOW)
    order = acked(ledger, 1, details={"score": 80}, planned_stop_price=Decimal(9))

    booked = ledger.book([execution(1, 1, 40, "10.00", commission="1"), execution(2, 1, 60, "11.00")], at=NOW)

    order = ledger.orders.get(order.client_order_id)
    position = ledger.positions.get("golden", "TQQQ")
    assert [b.execution.execution_id for b in booked] == ["1", "2"]
    # (40 x 10 + 60 x 11) / 100 = 10.60
    assert (order.filled_quantity, order.average_price, order.commission) == (
        100,
        Decimal("10.6"),
        Decimal(1),
    )
    assert (position.quantity, position.entry_price, position.needs_stop) == (100, Decimal("10.6"), True)
    assert position.details == {"score": 80}
    # 10,000 - 1,060 - 1
    assert ledger.cash.estimate().cash == Decimal(8939)
    assert [p.symbol for p in ledger.positions.unprotected()] == ["TQQQ"]


def test_a_sale_realises_profit_against_average_cost(ledger: Any) -> None:
    acked(ledger, 1)
    acked(ledger, 2, quantity=50)
    ledger.book([execution(1, 1, 100, "10"), execution(2, 2, 50, "13")], at=NOW)
    acked(ledger, 3, side="sell", quantity=150)

    (part,) = ledger.book([execution(3, 3, 60, "12", "sell")], at=NOW)
    (rest,) = ledger.book([execution(4, 3, 90, "9", "sell")], at=NOW)

    # average cost (100 x 10 + 50 x 13) / 150 = 11
    assert part.realised_pnl == Decimal(60)
    assert rest.realised_pnl == Decimal(-180)
    (closed,) = ledger.positions.closed()
    assert (closed.quantity, closed.realised_pnl, closed.exit_price) == (0, Decimal(-120), Decimal(9))
    assert ledger.positions.shares() == {}


def test_a_fill_is_not_kept_when_its_position_cannot_be(ledger: Any) -> None:
    acked(ledger, 1, side="sell")

    with pytest.raises(DisagreementError, match="the ledger knows of 0"):
        ledger.book([execution(1, 1, 100, "10", "sell")], at=NOW)

    assert ledger.executions.since(NOW - timedelta(days=1)) == ()
    assert ledger.orders.by_broker_id("1").filled_quantity == 0


def test_positions_of_two_variants_are_separate(ledger: Any) -> None:
    ledger.positions.buy("golden", "TQQQ", 10, Decimal(5), session=DAY)
    ledger.positions.buy("ema", "TQQQ", 3, Decimal(6), session=DAY)

    assert ledger.positions.shares() == {"TQQQ": 13}
    assert ledger.positions.shares("ema") == {"TQQQ": 3}
    with pytest.raises(DisagreementError):
        ledger.positions.sell("ema", "TQQQ", 4, Decimal(6), session=DAY, reason="exit")


def test_a_second_entry_after_a_close_is_a_new_row(ledger: Any) -> None:
    for price in ("5", "7"):
        ledger.positions.buy("golden", "TQQQ", 10, Decimal(price), session=DAY)
        ledger.positions.sell("golden", "TQQQ", 10, Decimal(6), session=DAY, reason="trend_break")

    assert [p.realised_pnl for p in ledger.positions.closed()] == [Decimal(10), Decimal(-10)]
    assert {p.exit_reason for p in ledger.positions.closed("golden")} == {"trend_break"}


def test_stops_splits_and_vanished_positions(ledger: Any) -> None:
    held = ledger.positions.buy("ema", "AAPL", 10, Decimal(100), session=DAY, needs_stop=True)
    ledger.positions.set_stop(held.id, stop_price=Decimal(90), stop_broker_order_id="s1", stop_expires_at=NOW)
    assert ledger.positions.unprotected() == ()

    split = ledger.positions.adjust(held.id, quantity=40, entry_price=Decimal(25), stop_broker_order_id=None)
    assert (split.quantity, split.entry_price, split.stop_price) == (40, Decimal(25), Decimal(90))
    assert len(ledger.positions.unprotected()) == 1

    gone = ledger.positions.close(held.id, session=DAY, reason="manual_sell_sync", price=Decimal(26))
    assert (gone.status, gone.realised_pnl) == ("closed", Decimal(40))


def test_a_position_knows_its_mode_its_value_and_when_it_changed(ledger: Any) -> None:
    later = NOW + timedelta(hours=1)
    ledger.positions.buy("golden", "TQQQ", 10, Decimal(5), session=DAY, mode="offline_mock", at=NOW)
    held = ledger.positions.buy("golden", "TQQQ", 10, Decimal(6), session=DAY, at=later)
    assert (held.mode, held.created_at, held.last_updated) == ("offline_mock", NOW, later)
    assert held.current_value == Decimal(120)

    ledger.positions.value("golden", {"TQQQ": 6.5, "QQQ": 1.0}, at=later + timedelta(hours=1))
    held = ledger.positions.get("golden", "TQQQ")
    assert (held.current_value, held.last_updated) == (Decimal(130), later + timedelta(hours=1))

    ledger.positions.value("golden", {}, at=later + timedelta(hours=2))
    assert ledger.positions.get("golden", "TQQQ").last_updated == held.last_updated
    sold = ledger.positions.sell("golden", "TQQQ", 20, Decimal(7), session=DAY, reason="exit", at=later)
    assert (sold.position.current_value, sold.position.created_at) == (Decimal(0), NOW)
