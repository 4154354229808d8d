"""What stands between ledger and account is said in words; an order on its way explains its own shares."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live.ledger.ledger import OrderPlan
from live.model.broker import Account, Holding
from live.model.order_state import JournalState
from live.model.run import Overview
from live.reconciliation.standing import differences_now, paper_differences
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from tests.support.ledger_samples import DAY, NOW
from tests.support.user_world import new_user


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    user = new_user(tmp_path / "jutsu")
    with open_runtime("jutsu", Options(config=user.config), Overview()) as opened:
        yield opened


def account(cash: int = 10_000, **shares: int) -> Account:
    held = tuple(Holding(symbol, Decimal(n), Decimal(100), Decimal(100 * n)) for symbol, n in shares.items())
    money = Decimal(cash)
    return Account("paper", "cash", money, money, money, money + sum(100 * n for n in shares.values()), held)


def hold(runtime: Runtime, shares: int) -> None:
    runtime.ledger.positions.buy("golden", "QQQ", shares, Decimal(100), session=DAY)
    runtime.ledger.cash.reconciled(Decimal(10_000), at=NOW)


def order(runtime: Runtime, side: Any, intent: Any, shares: int, state: JournalState) -> None:
    plan = OrderPlan(
        client_order_id=f"20240102_QQQ_{intent}_{side}",
        variant="golden",
        session=DAY,
        mode="offline_mock",
        symbol="QQQ",
        side=side,
        intent=intent,
        quantity=shares,
    )
    runtime.ledger.orders.plan(plan, at=NOW)
    for step in (JournalState.SENDING, JournalState.ACKED, state):
        if step is not JournalState.PLANNED:
            runtime.ledger.orders.transition(plan.client_order_id, step, at=NOW)


def test_sides_that_agree_and_foreign_shares_are_nothing(runtime: Runtime) -> None:
    assert differences_now(runtime.context, account()) == ()
    hold(runtime, 10)
    assert differences_now(runtime.context, account(QQQ=10, MSFT=5)) == ()


def test_an_empty_ledger_beside_a_living_account(runtime: Runtime) -> None:
    (line,) = differences_now(runtime.context, account(QQQ=10))
    assert "the ledger is empty and the account holds 10 QQQ" in line
    assert "jutsu recover" in line


def test_an_empty_account_beside_a_living_ledger(runtime: Runtime) -> None:
    hold(runtime, 10)
    (line,) = differences_now(runtime.context, account())
    assert "the account holds nothing and the ledger 10 QQQ" in line
    assert paper_differences(runtime.context, runtime.broker) == (
        line.replace("10,000", "100,000"),
    )  # the real, empty one


def test_any_other_difference_names_both_sides(runtime: Runtime) -> None:
    hold(runtime, 10)
    (line,) = differences_now(runtime.context, account(QQQ=7))
    assert "QQQ 10 in the ledger, 7 there" in line


def test_cash_that_nothing_explains_is_named(runtime: Runtime) -> None:
    hold(runtime, 10)
    (line,) = differences_now(runtime.context, account(cash=5_000, QQQ=10))
    assert "without trades" in line
    (line,) = differences_now(runtime.context, account(cash=-1, QQQ=10))
    assert "less than none" in line


@pytest.mark.parametrize(
    ("side", "intent", "there", "explained"),
    [
        ("sell", "stop", 0, True),
        ("sell", "exit", 4, True),
        ("sell", "exit", 13, False),
        ("buy", "increase", 15, True),
        ("buy", "increase", 25, False),
        ("buy", "increase", 5, False),
    ],
)
def test_an_order_on_its_way_explains_its_own_shares(
    runtime: Runtime, side: Any, intent: Any, there: int, explained: bool
) -> None:
    hold(runtime, 10)
    order(runtime, side, intent, 10, JournalState.WORKING)
    shown = account(**({"QQQ": there} if there else {}))
    assert (differences_now(runtime.context, shown) == ()) == explained
