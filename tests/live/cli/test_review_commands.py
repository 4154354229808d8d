"""A person at the keyboard must not change the books under a running executor, nor count shares twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import typer
from typer.testing import CliRunner

from backtest.core.errors import LimitError, UnresolvedError
from live.cli import reconcile as orders
from live.ledger.ledger import Ledger, OrderPlan
from live.model.order_state import JournalState
from live.system.lock import single_instance

NOW = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)


@pytest.fixture
def account(tmp_path):
    """Return the state folder and a function that runs a command on the account in it."""
    config = tmp_path / "live.yaml"
    config.write_text("mode: offline_mock\n")
    app = typer.Typer()
    orders.register(app)

    def call(*words):
        flags = ["--config", str(config), "--state-db", str(tmp_path / "state" / "ledger.db")]
        done = CliRunner().invoke(app, [*words, *flags])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return tmp_path / "state", call


def unknown_order(state):
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
def test_the_books_are_not_changed_under_a_running_executor(account, words):
    state, call = account
    unknown_order(state)
    with single_instance(state, "paper", run_id="executor"), pytest.raises(LimitError, match="at work"):
        call(*words)


def test_a_look_needs_no_lock(account):
    state, call = account
    with single_instance(state, "paper", run_id="executor"):
        assert "agree" in call("reconcile")


def test_nothing_is_adopted_while_an_order_may_still_be_found(account):
    state, call = account
    name = unknown_order(state)
    with pytest.raises(UnresolvedError, match="counted twice"):
        call("reconcile", "--adopt")
    call("resolve", name, "--absent")
    call("reconcile", "--adopt")
