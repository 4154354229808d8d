"""The comparison of both sides as a view: nothing of it is lost, nothing is judged again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from live.reconciliation.model import Reconciliation, SymbolDifference
from live.views.reconcile import CashDifference, reconciliation_of

SAME = SymbolDifference("AAA", 10, 10, "same")
FOREIGN = SymbolDifference("BBB", 0, 30, "foreign")
SPLIT = SymbolDifference("CCC", 10, 40, "split_like")


def compared(*lines: SymbolDifference, jump: float | None = None) -> Reconciliation:
    return Reconciliation(lines, Decimal(100), Decimal(101), jump, 10.0)


@pytest.mark.parametrize(
    ("result", "agrees"),
    [
        (compared(SAME, FOREIGN), True),
        (compared(SAME, SPLIT), False),
        (compared(SAME, jump=10.0), True),
        (compared(SAME, jump=10.1), False),
    ],
)
def test_the_view_agrees_when_the_comparison_does(result: Reconciliation, *, agrees: bool) -> None:
    view = reconciliation_of(result)
    assert view.agrees is agrees is result.agrees
    assert view.positions == result.lines
    assert view.cash == CashDifference(Decimal(100), Decimal(101), result.cash_jump_pct)
    assert view.adopted == view.manual_trades == ()


def test_what_was_adopted_and_traded_by_hand_is_kept() -> None:
    view = reconciliation_of(compared(SAME), adopted=["AAA: 10"], manual=["ZZZ buy 3"])
    assert (view.adopted, view.manual_trades) == (("AAA: 10",), ("ZZZ buy 3",))
