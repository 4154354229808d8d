"""The paper account's file: exact values, one transaction an operation, copies that reach nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import BrokerError
from live.brokers.paper.store import PaperOrder, PaperStore
from live.model.broker import Execution, OrderState
from tests.support.exec_world import AT, DAY


def store(path: Path | None = None, *, scratch: bool = False) -> PaperStore:
    """Open an account of 1,000."""
    return PaperStore(path, Decimal(1000), durable=False, scratch=scratch)


def add(
    account: PaperStore, name: str | None = None, parent: int | None = None, *, minutes: int = 0
) -> PaperOrder:
    """Add a pending order for 10 AAA."""
    return account.add_order(
        client_id=name,
        symbol="AAA",
        side="buy",
        quantity=10,
        state=OrderState.PENDING,
        order_type="market",
        time_in_force="day",
        stop_price=None if parent is None else Decimal("90.01"),
        parent_id=parent,
        entered_at=AT + timedelta(minutes=minutes),
        checked_until=DAY,
    )


def test_an_account_keeps_everything_between_two_openings(tmp_path: Path) -> None:
    first = store(tmp_path / "new" / "paper.db")
    order = add(first, "name")
    fill = Execution("1-1", str(order.id), "AAA", "buy", 4, Decimal("100.10"), AT, Decimal("0.35"))
    first.add_execution(fill)
    first.set_position("AAA", 4, Decimal("100.1"))
    first.set_cash(Decimal("599.25"))
    first.close()
    again = PaperStore(tmp_path / "new" / "paper.db", Decimal(5))
    assert (again.cash(), again.positions()) == (Decimal("599.25"), {"AAA": (4, Decimal("100.1"))})
    assert again.find(client_id="name") == again.order(order.id) == order
    assert again.executions(order.id) == (fill,)


@given(st.decimals(min_value="-99999999", max_value="99999999", places=9))
def test_amounts_are_kept_to_the_last_digit(cash: Decimal) -> None:
    account = store()
    account.set_cash(cash)
    assert account.cash() == cash


def test_what_fails_inside_a_transaction_leaves_nothing(tmp_path: Path) -> None:
    account = store(tmp_path / "paper.db")

    def fail() -> None:
        with account.transaction():
            account.set_cash(Decimal(1))
            with account.transaction():  # joins the outer one
                add(account)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (account.cash(), account.live_orders()) == (Decimal(1000), [])


def test_a_client_id_is_taken_once() -> None:
    account = store()
    add(account, "name")

    def twice() -> None:
        with account.transaction():
            account.set_cash(Decimal(1))
            add(account, "name")

    with pytest.raises(BrokerError, match="could not be written"):
        twice()
    assert account.cash() == 1000


def test_a_rehearsal_sees_the_account_and_never_changes_it(tmp_path: Path) -> None:
    real = store(tmp_path / "paper.db")
    add(real, "name")
    rehearsal = store(tmp_path / "paper.db", scratch=True)
    rehearsal.set_cash(Decimal(1))
    rehearsal.save(rehearsal.live_orders()[0])
    add(rehearsal, "another")
    assert (real.cash(), [order.client_id for order in real.live_orders()]) == (Decimal(1000), ["name"])
    nothing = store(tmp_path / "absent.db", scratch=True)
    assert nothing.cash() == 1000
    assert not (tmp_path / "absent.db").exists()


def test_orders_are_found_by_parent_interval_and_life() -> None:
    account = store()
    parent = add(account, "parent")
    child = add(account, parent=parent.id, minutes=1)
    later = add(account, "later", minutes=2)
    assert (parent.awaiting, child.awaiting) == (False, True)
    assert account.children(parent.id) == [child]
    assert account.entered_between(AT, AT + timedelta(minutes=1)) == [parent, child]
    ended = replace(parent, state=OrderState.FILLED, reason="done")
    account.save(ended)
    assert account.order(parent.id) == ended
    assert account.live_orders() == [child, later]
    assert account.find(number=99) is None


def test_no_position_is_no_row() -> None:
    account = store()
    account.set_position("BBB", 5, Decimal(10))
    account.set_position("AAA", 1, Decimal(20))
    assert list(account.positions()) == ["AAA", "BBB"]
    account.set_position("BBB", 0, Decimal(0))
    assert list(account.positions()) == ["AAA"]


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b""])
def test_a_file_that_cannot_be_an_account(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "paper.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(BrokerError, match="cannot be opened") as refused:
            store(path)
        assert refused.value.where == str(path)
    else:
        assert store(path).cash() == 1000


def test_an_account_of_before_limit_orders_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    first = store(path)
    number = add(first, "old").id
    first._db.execute("ALTER TABLE orders DROP COLUMN limit_price")
    first.close()
    again = store(path)
    assert again.order(number).limit_price is None
    limited = again.add_order(
        client_id="new",
        symbol="AAA",
        side="buy",
        quantity=10,
        state=OrderState.WORKING,
        order_type="limit",
        time_in_force="day",
        stop_price=None,
        parent_id=None,
        entered_at=AT,
        checked_until=DAY,
        limit_price=Decimal("101.01"),
    )
    assert again.order(limited.id).limit_price == Decimal("101.01")
    again.close()


def test_a_new_account_numbers_its_orders_after_those_a_ledger_knows(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    account = PaperStore(path, Decimal(1000), last_order=41)
    assert [add(account).id, add(account).id] == [42, 43]
    account.close()
    again = PaperStore(path, Decimal(1000), last_order=7)  # an old one keeps its numbers
    assert add(again).id == 44
