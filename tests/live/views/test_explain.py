"""Why a symbol traded or did not."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from live.handoff.canonical import as_data
from live.ledger.ledger import OrderPlan
from live.ledger.trades import TradeContext
from live.views.explain import read_explanation
from tests.support.handoff_samples import sample
from tests.support.ledger_samples import acked, changed
from tests.support.review_world import DAY, NOW, generated, inputs, runtime


@pytest.fixture
def world(tmp_path: Path) -> Any:
    return runtime(tmp_path)


def why(world: Any, symbol: Any, day: Any = DAY) -> Any:
    return read_explanation(inputs(world), symbol, day).variants[0].why


def executed(
    world: Any, change: Any = lambda data: None, outcome: str = "completed", detail: Any = None
) -> None:
    data = as_data(sample())
    change(data)
    content = json.dumps(data)
    world.ledger.signals.executed(DAY, "golden", sha256="e" * 64, content=content)
    world.ledger.signals.finish(DAY, "golden", outcome)
    world.ledger.runs.executed(DAY, "golden", at=NOW, exit_code=0, outcome=outcome, detail=detail)


def test_not_yet_executed(world: Any) -> None:
    generated(world)
    assert why(world, "TQQQ") == (
        "buy 1,200 (entry: target 60.0 %) was planned but not sent: the executor has not run yet"
    )


def test_neither_held_nor_wanted(world: Any) -> None:
    generated(world)
    assert why(world, "TLT") == "not a target and not held: nothing to do"
    assert why(world, "PSQ") == "not taken: weight_zero"


def test_held_and_left_alone(world: Any) -> None:
    generated(world, sample(orders=(), decision=sample().decision.model_copy(update={"rebalance": False})))
    assert why(world, "QQQ") == "700 held: the strategy saw no reason to change anything"
    assert why(world, "TQQQ") == "0 held: the strategy saw no reason to change anything"


def test_held_back_by_a_gate(world: Any) -> None:
    generated(world)
    note = "20240315_TQQQ_entry_buy: not sent: quote drifted 2.1 % from the reference price"
    executed(
        world,
        outcome="gated",
        detail={"warnings": [note, "something else"], "held": ["20240315_TQQQ_entry_buy"]},
    )
    assert why(world, "TQQQ").endswith(
        "was planned but not sent: quote drifted 2.1 % from the reference price; outcome gated, exit code 0"
    )


def test_what_the_executor_noted_about_an_order_that_left_is_told(world: Any) -> None:
    generated(world)
    plan = OrderPlan("20240315_TQQQ_entry_buy", "golden", DAY, "offline_mock", "TQQQ", "buy", "entry", 9)
    world.ledger.orders.plan(plan, at=NOW)
    halted = "0 of 9 shares filled in 1 try (entry): nobody traded with it"
    executed(world, outcome="failed", detail={"warnings": [f"TQQQ: {halted}", "QQQ: another"]})
    assert why(world, "TQQQ") == f"buy 9 (entry) planned; {halted}"


def test_a_day_without_a_decision_still_tells_what_was_traded(world: Any) -> None:
    generated(world)
    sold = acked(world.ledger, 1, symbol="TQQQ", side="sell")
    sold = changed(sold, filled_quantity=100, average_price=Decimal("12.5"))
    world.ledger.trades.record(sold, TradeContext(execution_time=""), at=NOW)
    with pytest.raises(UsageError, match=r"; golden: sell 100 \(exit\) at 12\.5000"):
        why(world, "TQQQ", sold.session)


def test_a_person_decided(world: Any) -> None:
    generated(world)
    world.ledger.signals.answer(DAY, "golden", "skip")
    assert why(world, "TQQQ").endswith("a person said skip")
    executed(world, lambda data: data["orders"].pop(1))
    assert why(world, "TQQQ") == "a person deleted the order from the file"


def test_disabled(world: Any) -> None:
    generated(world)
    executed(world, lambda data: data["orders"][1].update(enabled=False))
    assert why(world, "TQQQ").endswith("disabled in the file")


def test_a_shadow_says_so(world: Any) -> None:
    shadow = sample(strategy=sample().strategy.model_copy(update={"variant": "titan", "role": "shadow"}))
    generated(world, shadow, role="shadow")
    assert "a shadow never reaches a broker" in why(world, "TQQQ")


def test_an_unknown_session_names_the_newest(world: Any) -> None:
    with pytest.raises(UsageError, match="no decisions yet"):
        read_explanation(inputs(world), "QQQ", None)
    generated(world)
    with pytest.raises(UsageError, match="the newest one is 2024-03-15"):
        read_explanation(inputs(world), "QQQ", DAY.replace(day=14))
