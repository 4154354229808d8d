"""Cash that came or went without a trade: each movement once, in the order of its days."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from live.ledger.ledger import Ledger
from tests.support.ledger_samples import DAY, NOW


def test_movements_come_back_oldest_first_whenever_they_were_learnt(ledger: Ledger) -> None:
    flows = ledger.cash_flows
    flows.note("b", day=DAY, kind="deposit", amount=Decimal(-500), at=NOW, note="to the bank")
    flows.note("a", day=DAY - timedelta(days=3), kind="dividend", amount=Decimal("12.34"), at=NOW)
    flows.note("c", day=DAY, kind="fee", amount=Decimal("-0.01"), at=NOW)
    assert [(row.flow_id, row.kind, row.amount, row.note) for row in flows.all()] == [
        ("a", "dividend", Decimal("12.34"), ""),
        ("b", "deposit", Decimal(-500), "to the bank"),
        ("c", "fee", Decimal("-0.01"), ""),
    ]


def test_the_same_movement_told_again_is_corrected_not_added(ledger: Ledger) -> None:
    for amount in ("100", "100", "90.5"):
        ledger.cash_flows.note("a", day=DAY, kind="deposit", amount=Decimal(amount), at=NOW)
    assert [row.amount for row in ledger.cash_flows.all()] == [Decimal("90.5")]


def test_accounts_do_not_see_each_others_money(ledger: Ledger) -> None:
    ledger.cash_flows.note("a", day=DAY, kind="deposit", amount=Decimal(100), at=NOW)
    other = ledger.for_account("other").cash_flows
    assert other.all() == ()
    other.note("a", day=DAY, kind="deposit", amount=Decimal(7), at=NOW)
    assert [row.amount for row in ledger.cash_flows.all()] == [Decimal(100)]


def test_an_amount_that_is_none_is_refused_and_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        ledger.cash_flows.note("a", day=DAY, kind="deposit", amount=Decimal("NaN"), at=NOW)
    assert ledger.cash_flows.all() == ()
