"""Transactions and what is returned."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import DisagreementError
from live.model.order_state import JournalState as S
from tests.support.ledger_samples import DAY, NOW, acked, execution


def test_a_transaction_keeps_all_or_nothing_even_when_the_caller_swallows_the_error(ledger: Any) -> None:
    from live.ledger.errors import LedgerError

    def careless() -> None:
        with ledger.transaction():
            ledger.state.set("a", "1", at=NOW)
            with contextlib.suppress(DisagreementError):
                ledger.positions.sell("golden", "TQQQ", 1, Decimal(1), session=DAY, reason="x")

    with pytest.raises(LedgerError, match="nothing of it was kept"):
        careless()

    assert ledger.state.get("a") is None


def test_what_is_returned_is_a_copy(ledger: Any) -> None:
    order = acked(ledger, 1)
    order.quantity = 1

    assert ledger.orders.by_broker_id("1").quantity == 100


def test_a_sale_beyond_the_books_is_only_booked_by_who_takes_the_brokers_truth(ledger: Any) -> None:
    """After a split 2:1 that the books do not know, the doubled stop sells twice the shares."""
    acked(ledger, 1, quantity=50)
    ledger.book([execution(1, 1, 50, "20")], at=NOW)
    stop = acked(ledger, 2, side="sell", quantity=50)
    sold = execution(2, 2, 100, "9", side="sell")

    with pytest.raises(
        DisagreementError, match=r"100 shares were sold, the ledger knows of 50.*reconcile --adopt"
    ):
        ledger.book([sold], at=NOW)
    with ledger.adopting():
        (booked,) = ledger.book([sold], at=NOW)

    assert booked.realised_pnl == Decimal(100 * 9 - 50 * 20)
    assert ledger.positions.shares() == {}
    ended = ledger.orders.transition(stop.client_order_id, S.FILLED, at=NOW, filled_quantity=100)
    assert (ended.quantity, ended.filled_quantity) == (100, 100)


def test_a_sale_of_what_was_adopted_as_gone_moves_nothing(ledger: Any) -> None:
    acked(ledger, 2, side="sell")
    sold = execution(2, 2, 100, "9", side="sell")

    with pytest.raises(DisagreementError):
        ledger.book([sold], at=NOW)
    with ledger.adopting():
        (booked,) = ledger.book([sold], at=NOW)

    assert booked.realised_pnl is None
