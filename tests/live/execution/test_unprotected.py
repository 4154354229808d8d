"""A failed run names what it leaves without a stop."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live.execution.context import RunNotes
from live.execution.unprotected import name_unprotected
from live.ledger.ledger import Ledger
from tests.support.ledger_samples import DAY, NOW, acked


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.open("sqlite://", account="paper", now=NOW)


def named(ledger: Any, variant: str | None = "golden") -> list[str]:
    notes = RunNotes()
    name_unprotected(ledger, variant, notes)
    return notes.critical


def test_a_position_without_its_stop_is_named(ledger: Any) -> None:
    ledger.positions.buy("golden", "AAA", 10, Decimal(20), session=DAY, at=NOW, needs_stop=True)
    ledger.positions.buy("golden", "BBB", 10, Decimal(20), session=DAY, at=NOW)
    ledger.positions.buy("titan", "CCC", 10, Decimal(20), session=DAY, at=NOW, needs_stop=True)

    assert named(ledger) == ["AAA: 10 shares have NO STOP"]
    assert named(ledger, None) == ["AAA: 10 shares have NO STOP", "CCC: 10 shares have NO STOP"]


@pytest.mark.parametrize(("tif", "names"), [("day", 0), ("opg", 1)])
def test_a_buy_that_carries_its_stop_is_no_alarm(ledger: Any, tif: str, names: int) -> None:
    """An order for the opening auction goes without: brokers take none with it."""
    stop = Decimal(9)
    acked(ledger, 1, symbol="AAA", planned_stop_price=stop, stop_price=stop, time_in_force=tif)
    assert len(named(ledger)) == names


def test_a_buy_that_may_have_filled_unseen_is_named(ledger: Any) -> None:
    acked(ledger, 1, symbol="AAA", planned_stop_price=Decimal(9))
    acked(ledger, 2, symbol="BBB")
    acked(ledger, 3, symbol="CCC", side="sell", planned_stop_price=Decimal(9))

    assert named(ledger) == ["AAA: 20261120_AAA_entry_buy_r1 may have filled and have NO STOP"]
