"""Executed trades as rows: newest first, with the reason of their order and the context of their day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from live.ledger.trades import TradeContext
from live.views.trades import read_trades
from tests.support.exec_world import AT, DAY, ENTRY, NEXT_DAY, World, enter, next_order, tomorrow, world
from tests.support.ledger_samples import changed


@pytest.fixture
def made(tmp_path: Path) -> World:
    """Bought 100 AAA at 100 on the first day, sold at 110 on the second."""
    traded = world(tmp_path)
    enter(traded, ENTRY)
    traded.feed.prices["AAA"] = 110.0
    tomorrow(traded, [next_order("AAA", "exit", 100, 110.0)], positions={"AAA": 100}, cash=90_000.0)
    assert traded.executor() == 0
    return traded


def test_every_column_of_a_trade(made: World) -> None:
    sold, bought = read_trades(made.open().ledger)
    assert (bought.session, bought.symbol, bought.action, bought.intent) == (DAY, "AAA", "buy", "entry")
    assert (bought.quantity, bought.fill_price, bought.realised_pnl) == (100, Decimal(100), None)
    assert (bought.cell, bought.trend_state, bought.vol_state, bought.t_norm) == (
        1,
        "BullStrong",
        "Low",
        None,
    )
    assert (bought.reason, bought.execution_time, bought.mode) == (
        "test",
        "15min_before_close",
        "offline_mock",
    )
    assert (sold.session, sold.action, sold.realised_pnl) == (NEXT_DAY, "sell", Decimal(1000))


def test_slippage_is_told_as_it_was_judged(made: World) -> None:
    """Against the quote at submission; how far the target was off is a figure of its own."""
    ledger = made.open().ledger
    order = ledger.orders.recent(1)[0]
    judged = TradeContext(execution_time="open", realised_pnl=None, quote_slippage_pct=0.25)
    ledger.trades.record(changed(order, average_price=Decimal("112.2")), judged, at=AT)
    sold = read_trades(ledger)[0]
    assert (sold.judged_slippage_pct, sold.slippage_pct) == (0.25, pytest.approx(-2.0))


def test_the_newest_come_first_and_limits_hold(made: World) -> None:
    ledger = made.open().ledger
    assert [row.action for row in read_trades(ledger)] == ["sell", "buy"]
    assert [row.action for row in read_trades(ledger, limit=1)] == ["sell"]
    assert [row.action for row in read_trades(ledger, since=NEXT_DAY)] == ["sell"]
    assert read_trades(ledger, since=NEXT_DAY + timedelta(days=1)) == ()
    assert read_trades(ledger, mode="online_live") == ()
    assert len(read_trades(ledger, mode="offline_mock")) == 2


@pytest.mark.parametrize(
    ("action", "reason", "why"),
    [
        ("sell", "trailing_stop", "trailing_stop"),
        ("sell", "no longer a target", "exit"),  # a sentence is for the details, not for a column
        ("sell", "", "exit"),
        ("buy", "report", "exit"),
    ],
)
def test_the_rule_that_ended_a_position_is_its_why(made: World, action: str, reason: str, why: str) -> None:
    sold, _ = read_trades(made.open().ledger)
    assert replace(sold, action=action, reason=reason).why == why
