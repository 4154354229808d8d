"""Transactions and what is returned."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import DisagreementError
from tests.support.ledger_samples import DAY, NOW, acked


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
