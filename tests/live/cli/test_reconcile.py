"""`jutsu reconcile`, `resolve` and `panic` as a person calls them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from backtest.core.errors import LimitError, UnresolvedError, UsageError
from live.ledger.ledger import Ledger, OrderPlan
from live.model.order_state import JournalState
from live.system.lock import single_instance
from tests.live.cli.conftest import Program

NOW = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)


def test_reconcile_of_a_new_account_agrees(call: Program) -> None:
    shown = json.loads(call("reconcile", "--json"))
    assert shown["agrees"] is True
    assert shown["positions"] == []
    assert "agree" in call("reconcile")


def test_reconcile_adopt_takes_the_cash_as_starting_point(call: Program) -> None:
    assert json.loads(call("reconcile", "--json"))["cash"]["ledger"] is None
    call("reconcile", "--adopt")
    shown = json.loads(call("reconcile", "--json"))
    assert shown["cash"]["ledger"] == shown["cash"]["broker"] == 100_000


def test_resolve_wants_exactly_one_verdict_and_a_known_order(call: Program) -> None:
    with pytest.raises(UsageError, match="say OURS"):
        call("resolve", "20250305_AAA_entry_buy")
    with pytest.raises(UsageError, match="not in the ledger"):
        call("resolve", "20250305_AAA_entry_buy", "--absent")


@pytest.mark.parametrize(
    "words",
    [
        ("--broker-order", "7"),
        ("--broker-order", "7", "--adopt"),
        ("--broker-order", "7", "--foreign", "--variant", "golden"),
        ("--broker-order", "7", "--absent"),
        ("20250305_AAA_entry_buy", "--broker-order", "7", "--foreign"),
        ("20250305_AAA_entry_buy", "--foreign"),
        ("20250305_AAA_entry_buy", "--adopt"),
        ("20250305_AAA_entry_buy", "7", "--absent"),
        (),
    ],
    ids=" ".join,
)
def test_resolve_refuses_half_an_answer(call: Program, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="say OURS"):
        call("resolve", *words)


def test_resolve_of_an_order_the_broker_does_not_have(call: Program) -> None:
    with pytest.raises(UsageError, match="knows no such order"):
        call("resolve", "--broker-order", "7", "--foreign")


def test_resume_restores_the_cron_lines_that_panic_commented_out(call: Program) -> None:
    call("panic", "--yes")
    assert "cron: 1 line(s) restored" in call("resume")
    assert call.installed[-1] == "1 2 * * * python -m live.executor\n"
    assert "cron" not in call("resume")


def unknown_order(state: Path) -> str:
    plan = OrderPlan(
        client_order_id="20250305_AAA_entry_buy",
        variant="golden",
        session=date(2025, 3, 5),
        mode="offline_mock",
        symbol="AAA",
        side="buy",
        intent="entry",
        quantity=10,
    )
    with Ledger.open(state / "ledger.db", account="paper", now=NOW) as ledger:
        ledger.orders.plan(plan, at=NOW)
        ledger.orders.transition(plan.client_order_id, JournalState.SENDING, at=NOW)
    return plan.client_order_id


@pytest.mark.parametrize(
    "words", [("reconcile", "--adopt"), ("resolve", "20250305_AAA_entry_buy", "--absent")]
)
def test_the_books_are_not_changed_under_a_running_executor(call: Program, words: tuple[str, ...]) -> None:
    state = call.state
    unknown_order(state)
    with single_instance(state, "paper", run_id="executor"), pytest.raises(LimitError, match="at work"):
        call(*words)


def test_a_look_needs_no_lock(call: Program) -> None:
    state = call.state
    with single_instance(state, "paper", run_id="executor"):
        assert "agree" in call("reconcile")


def test_nothing_is_adopted_while_an_order_may_still_be_found(call: Program) -> None:
    state = call.state
    name = unknown_order(state)
    with pytest.raises(UnresolvedError, match="counted twice"):
        call("reconcile", "--adopt")
    call("resolve", name, "--absent")
    call("reconcile", "--adopt")
