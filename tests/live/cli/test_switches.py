"""`jutsu kill`, `resume`, `online`, `offline` on the screen."""

from pathlib import Path
from typing import Any

import pytest

from live.cli import switches
from live.ledger.orders import OrderPlan
from live.model.order_state import JournalState
from live.settings.model import BrokerSettings
from tests.live.cli.conftest import Program
from tests.support.review_world import DAY, NOW, invoke, runtime


@pytest.fixture
def world(tmp_path: Path) -> Any:
    return runtime(tmp_path)


def said(monkeypatch: pytest.MonkeyPatch, world: Any, *words: Any) -> str:
    result = invoke(monkeypatch, world, switches, *words)
    assert result.exit_code == 0, result.exception
    return result.output.strip()


def test_kill_says_what_the_switch_is_now(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ON (all): smoke" in said(monkeypatch, world, "kill", "--reason", "smoke")
    # what is on is never lowered, and the screen does not claim it
    assert "ON (all): smoke" in said(monkeypatch, world, "kill", "--entries-only", "--reason", "less")
    assert "is off" in said(monkeypatch, world, "resume")
    assert "already off" in said(monkeypatch, world, "resume")


def test_offline_withdraws_what_online_confirmed(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not confirmed" in said(monkeypatch, world, "offline")
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: "trade real money")
    assert "REAL orders" in said(monkeypatch, world, "online")
    assert "already confirmed" in said(monkeypatch, world, "online")
    assert "refused until `jutsu online`" in said(monkeypatch, world, "offline")
    assert not world.ledger.state.online_confirmed()


@pytest.mark.parametrize(
    ("name", "text"), [("alpaca", "is a paper account"), ("ibkr", "orders to a PAPER account")]
)
def test_online_for_a_paper_account_does_not_say_real(
    world: Any, monkeypatch: pytest.MonkeyPatch, name: Any, text: str
) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_a, **_k: "trade real money")
    world.settings = world.settings.model_copy(update={"broker": BrokerSettings(name=name)})
    shown = said(monkeypatch, world, "online")
    assert text in shown
    assert "REAL" not in shown
    assert "to trade for real" not in shown


def test_offline_of_the_paper_broker_says_that_it_is(call: Program) -> None:
    assert "it is offline already: broker.name is paper" in call("offline")


def test_resume_names_a_sell_of_the_panic_that_is_still_live(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "20240315_AAA_exit_sell"
    plan = OrderPlan(name, "golden", DAY, "offline_mock", "AAA", "sell", "exit", 74, reason="panic")
    world.ledger.orders.plan(plan, at=NOW)
    world.ledger.orders.transition(name, JournalState.SENDING, at=NOW)
    world.ledger.orders.transition(name, JournalState.ACKED, at=NOW, broker_order_id="2")
    assert "a sell of a panic is still live: AAA, order 2 (sell 74)" in said(monkeypatch, world, "resume")
