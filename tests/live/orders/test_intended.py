"""An order on its way into the journal, and what is seen of the account before it leaves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from backtest.core.errors import SignalFileError
from live.ledger.orders import OrderPlan
from live.model.order_state import JournalState
from live.orders.intended import journalled, seen_before
from tests.support.exec_world import AT, DAY, ENTRY, enter, world

NAME = f"{DAY:%Y%m%d}_AAA_entry_buy"
PLAN = OrderPlan(NAME, "golden", DAY, "offline_mock", "AAA", "buy", "entry", 10)


def test_a_plan_is_written_once_and_a_row_is_itself(tmp_path: Path) -> None:
    made = world(tmp_path)
    ledger = made.open().ledger
    row = journalled(ledger, PLAN, at=AT)
    assert (row.state, row.quantity) == (JournalState.PLANNED, 10)
    assert journalled(ledger, row, at=AT) is row
    assert journalled(ledger, PLAN, at=AT).id == row.id
    assert len(ledger.orders.recent()) == 1


def test_another_trade_under_the_same_id_is_refused(tmp_path: Path) -> None:
    ledger = world(tmp_path).open().ledger
    journalled(ledger, PLAN, at=AT)
    other = OrderPlan(NAME, "golden", DAY, "offline_mock", "AAA", "buy", "entry", 11)
    with pytest.raises(SignalFileError, match="quantity"):
        journalled(ledger, other, at=AT)


def test_without_client_ids_orders_and_shares_of_before_are_kept(tmp_path: Path) -> None:
    made = world(tmp_path, honours_client_id=False)
    enter(made, ENTRY)
    shown = made.broker.orders(AT - timedelta(days=1), AT + timedelta(days=1))
    before = seen_before(made.broker, "AAA", made.clock.now())
    assert before.ids == sorted(order.order_id for order in shown) != []
    assert before.position == 100
    assert seen_before(made.broker, "BBB", made.clock.now()).position == 0


def test_with_client_ids_nothing_is_asked(tmp_path: Path) -> None:
    before = seen_before(world(tmp_path).open().broker, "AAA", AT)
    assert (before.ids, before.position) == (None, None)
