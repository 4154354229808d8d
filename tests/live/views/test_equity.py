"""Steps from close to close, by hand: deposits are no profit, dividends are."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from live.ledger.ledger import Ledger
from live.views.equity import last_step, steps_of
from tests.support.exec_world import AT, DAY, NEXT_DAY


def rows(*closes: float, first: date = DAY) -> Any:
    return [
        SimpleNamespace(session=first + timedelta(days=number), equity=equity)
        for number, equity in enumerate(closes)
    ]


def flow(day: date, amount: str, kind: str = "deposit") -> Any:
    return SimpleNamespace(day=day, amount=Decimal(amount), kind=kind)


def test_a_deposit_and_a_withdrawal_are_no_profit() -> None:
    flows = [flow(NEXT_DAY, "1000"), flow(NEXT_DAY + timedelta(days=1), "-500"), flow(DAY, "77")]
    first, second = steps_of(rows(10_000.0, 11_100.0, 10_545.0), flows)
    assert (first.deposits, first.profit, first.made) == (1000.0, 100.0, 0.01)
    assert (second.deposits, second.profit) == (-500.0, -55.0)
    assert second.made == pytest.approx(-55.0 / 11_100.0)


def test_dividends_interest_and_fees_are_profit() -> None:
    flows = [flow(NEXT_DAY, "10", "dividend"), flow(NEXT_DAY, "1", "interest"), flow(NEXT_DAY, "-2", "fee")]
    (step,) = steps_of(rows(1000.0, 1009.0), flows)
    assert (step.deposits, step.profit) == (0.0, 9.0)


def test_a_book_with_half_the_account_gets_half_of_a_deposit() -> None:
    (step,) = steps_of(rows(1000.0, 1500.0), [flow(NEXT_DAY, "1000")], budget_pct=50.0)
    assert (step.deposits, step.profit) == (500.0, 0.0)


def test_an_empty_book_makes_nothing() -> None:
    (step,) = steps_of(rows(0.0, 0.0), [])
    assert step.made == 0.0


def test_the_step_of_a_session_needs_a_close_of_it_and_one_before() -> None:
    ledger = Ledger.open("sqlite://", account="paper", now=AT)

    def close(day: date, equity: float) -> None:
        ledger.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=0.0)

    close(DAY, 100.0)
    assert last_step(ledger, "golden", DAY) is None
    assert last_step(ledger, "golden", NEXT_DAY) is None
    close(NEXT_DAY, 102.0)
    found = last_step(ledger, "golden", NEXT_DAY)
    assert found is not None
    assert (found.before, found.after, found.profit) == (100.0, 102.0, 2.0)
    assert last_step(ledger, "golden", NEXT_DAY + timedelta(days=1)) is None
