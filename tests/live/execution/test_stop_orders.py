"""A stop outside a run on a file: its id, its plan, and why it does not rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import BrokerRefused, DataError
from live.execution.stop_orders import free_name, place_stop, plan_stop
from live.ledger.tables import PositionRow
from live.model.order_state import JournalState as S
from live.orders.submission import Submission
from live.runtime.runtime import Runtime
from tests.support.exec_world import DAY, World, Wrapped

FIRST = "20250305_AAA_stop_sell"


def place(runtime: Runtime, position: PositionRow, price: str = "90") -> str:
    submission = Submission(runtime.broker, runtime.ledger, runtime.clock)
    return place_stop(runtime.context, submission, position, Decimal(price))


def position(runtime: Runtime, quantity: int = 10) -> PositionRow:
    return runtime.ledger.positions.buy("golden", "AAA", quantity, Decimal(100), session=DAY, needs_stop=True)


def test_the_first_id_that_is_free(made: World) -> None:
    runtime = made.open()
    assert free_name(runtime.context, "golden", "AAA", "stop") == (FIRST, 0)
    for attempt, name in enumerate((FIRST, f"{FIRST}_r1", f"{FIRST}_r2")):
        planned = plan_stop(runtime.context, "golden", "AAA", 10, Decimal(90), parent=None)
        runtime.ledger.orders.plan(planned, at=runtime.clock.now())
        assert (planned.client_order_id, planned.attempt) == (name, attempt)
    assert free_name(runtime.context, "golden", "AAA", "exit") == ("20250305_AAA_exit_sell", 0)
    assert free_name(runtime.context, "golden", "BBB", "stop") == ("20250305_BBB_stop_sell", 0)


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        ("golden", FIRST),  # alone, it needs no prefix
        ("titan", f"titan_{FIRST}"),  # of no book any more: only its own name tells its orders apart
    ],
)
def test_the_variant_is_in_the_id_where_it_must_be(made: World, variant: str, name: str) -> None:
    assert free_name(made.open().context, variant, "AAA", "stop") == (name, 0)


def test_a_strategy_file_that_cannot_be_read_prefixes_the_id(made: World) -> None:
    made.overrides["books"] = [
        {"primary": "golden", "budget_pct": 50},
        {"primary": "titan", "budget_pct": 50, "run": "on_request"},
    ]
    assert not list(made.folder.glob("*.yaml"))
    assert free_name(made.open().context, "golden", "AAA", "stop") == (f"golden_{FIRST}", 0)


def test_the_plan_is_a_sell_stop_good_till_cancelled(made: World) -> None:
    runtime = made.open()
    first = plan_stop(runtime.context, "golden", "BBB", 1, Decimal(45), parent=None)
    parent = runtime.ledger.orders.plan(first, at=runtime.clock.now())
    plan = plan_stop(runtime.context, "golden", "AAA", 7, Decimal("90.25"), parent=parent)
    assert (plan.side, plan.intent, plan.order_type, plan.time_in_force) == ("sell", "stop", "stop", "gtc")
    assert (plan.variant, plan.symbol, plan.quantity, plan.stop_price) == (
        "golden",
        "AAA",
        7,
        Decimal("90.25"),
    )
    assert (plan.session, plan.mode, plan.attempt) == (DAY, "offline_mock", 0)
    assert (plan.parent_client_order_id, plan.reason) == (parent.client_order_id, "stop_loss")


def test_a_stop_that_rests_is_remembered(made: World) -> None:
    runtime = made.open()
    made.broker._store.set_position("AAA", 10, Decimal(100))
    held = position(runtime)
    assert place(runtime, held) == ""
    row, order = runtime.ledger.positions.get("golden", "AAA"), runtime.ledger.orders.get(FIRST)
    assert row is not None
    assert order is not None
    assert (row.stop_price, row.stop_client_order_id) == (Decimal(90), FIRST)
    assert row.stop_broker_order_id == order.broker_order_id
    shown = made.broker.order(str(order.broker_order_id))
    assert shown is not None
    assert (shown.quantity, shown.stop_price, shown.state.terminal) == (10, Decimal(90), False)


def test_a_refused_stop_says_why_and_is_not_remembered(made: World) -> None:
    def refuse(*_: Any) -> None:
        raise BrokerRefused("too far from the market")

    made.wrap = lambda inner: Wrapped(inner, submit=refuse)
    runtime = made.open()
    assert "too far from the market" in place(runtime, position(runtime))
    row, order = runtime.ledger.positions.get("golden", "AAA"), runtime.ledger.orders.get(FIRST)
    assert row is not None
    assert order is not None
    assert row.stop_client_order_id is None
    assert S(order.state).terminal


def test_an_error_is_returned_in_words(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = made.open()

    def fail(*_: Any) -> None:
        raise DataError("no price", where="AAA", remedy="wait")

    monkeypatch.setattr(Submission, "send", fail)
    assert place(runtime, position(runtime)) == DataError("no price", where="AAA", remedy="wait").line()
    row = runtime.ledger.positions.get("golden", "AAA")
    assert row is not None
    assert row.stop_client_order_id is None
