"""Pending decisions of virtual books."""

from datetime import timedelta
from typing import Any

from backtest.core.decision import Book, OpenPosition
from tests.support.ledger_samples import DAY


def test_shadow_decisions_settle_once(ledger: Any) -> None:
    after = DAY + timedelta(days=1)
    book = Book(500.0, {"QQQ": OpenPosition("QQQ", 3, 100.5, DAY, None, {"a": 1})})
    for _ in range(2):
        ledger.shadow.propose("titan", DAY, decision={"n": 1}, memory={"h": 1}, cash=1.0, equity=2.0)
    assert ledger.shadow.last_memory("titan", before=after) == {}

    assert ledger.shadow.settle("titan", DAY, book, equity=801.5, fills={"QQQ": 3}) is True
    assert ledger.shadow.settle("titan", DAY, Book(0.0), equity=0.0, fills={}) is False

    assert ledger.shadow.pending("titan") == ()
    assert ledger.shadow.book("titan").book == book
    assert ledger.shadow.book("titan").equity == 801.5
    assert ledger.shadow.last_memory("titan", before=after) == {"h": 1}
    assert ledger.shadow.last_memory("titan", before=DAY) == {}  # its own session is not an earlier one
