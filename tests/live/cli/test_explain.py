"""`jutsu explain` as a screen and as a document."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from live.cli import explain
from live.handoff.canonical import as_data
from live.ledger.ledger import OrderPlan
from live.model.broker import Execution
from live.model.order_state import JournalState
from live.views.explain import read_explanation
from tests.support.handoff_samples import sample
from tests.support.review_world import DAY, NOW, generated, inputs, invoke, runtime


@pytest.fixture
def world(tmp_path: Path) -> SimpleNamespace:
    return runtime(tmp_path)


def why(world: SimpleNamespace, symbol: str, day: Any = DAY) -> str:
    return read_explanation(inputs(world), symbol, day).variants[0].why


def executed(
    world: SimpleNamespace,
    change: Callable[..., Any] = lambda data: None,
    outcome: str = "completed",
    detail: dict[str, list[str]] | None = None,
) -> None:
    data = as_data(sample())
    change(data)
    content = json.dumps(data)
    world.ledger.signals.executed(DAY, "golden", sha256="e" * 64, content=content)
    world.ledger.signals.finish(DAY, "golden", outcome)
    world.ledger.runs.executed(DAY, "golden", at=NOW, exit_code=0, outcome=outcome, detail=detail)


def test_filled(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    generated(world)
    executed(world)
    plan = OrderPlan(
        client_order_id="20240315_TQQQ_entry_buy",
        variant="golden",
        session=DAY,
        mode="offline_mock",
        symbol="TQQQ",
        side="buy",
        intent="entry",
        quantity=1200,
    )
    orders = world.ledger.orders
    orders.plan(plan, at=NOW)
    orders.transition(plan.client_order_id, JournalState.SENDING, at=NOW)
    orders.transition(plan.client_order_id, JournalState.ACKED, at=NOW, broker_order_id="17")
    fill = Execution(
        "x1", "17", "TQQQ", "buy", 1200, Decimal("50.02"), datetime(2024, 3, 15, 19, 51, tzinfo=UTC)
    )
    world.ledger.book([fill], at=NOW)
    orders.transition(plan.client_order_id, JournalState.FILLED, at=NOW)
    assert why(world, "TQQQ") == "buy 1,200 (entry) filled, 1,200 filled at 50.0200"
    text = invoke(monkeypatch, world, explain, "explain", "tqqq", "2024-03-15").output
    assert "cell 1" in text
    assert "fill        1,200 at 50.0200" in text
    story = json.loads(invoke(monkeypatch, world, explain, "explain", "TQQQ", "--json").output)
    assert story["variants"][0]["journal"][0]["fills"][0]["price"] == 50.02
