"""Edits of orders: whatever a person says, what comes out is a file the schema and the rules know."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from live.handoff.canonical import as_data, render
from live.handoff.diff import changes
from live.handoff.order_edits import NewOrder, OrderChange, added, changed, dropped
from live.handoff.validate import judge
from tests.support.signal_edits import EXPECTED, ORIGINAL

DATA = json.loads(render(ORIGINAL))
IDS = [order.client_order_id for order in ORIGINAL.orders]


def problems(data: dict[str, Any]) -> list[str]:
    return [
        str(p) for p in judge(json.dumps(data).encode(), expectations=EXPECTED, original=ORIGINAL).problems
    ]


@given(
    name=st.sampled_from(IDS),
    quantity=st.none() | st.integers(1, 10**6),
    note=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    enabled=st.none() | st.booleans(),
)
def test_a_change_is_what_was_said_and_nothing_else(
    name: str, quantity: int | None, note: str | None, enabled: bool | None
) -> None:
    before = json.dumps(DATA)
    after = changed(DATA, ORIGINAL, name, OrderChange(quantity, note=note, enabled=enabled))
    assert json.dumps(DATA) == before, "the data that came in stay as they are"
    known = next(order for order in ORIGINAL.orders if order.client_order_id == name)
    (order,) = [o for o in after["orders"] if o["client_order_id"] == name]
    assert order["quantity"] == (known.quantity if quantity is None else quantity)
    assert order["note"] == (known.note if note is None else note)
    assert order["enabled"] == (known.enabled if enabled is None else enabled)
    if known.side == "buy":
        assert problems(after) == []
    assert all(change.allowed for change in changes(as_data(ORIGINAL), after))


@pytest.mark.parametrize("name", IDS)
def test_an_order_dropped_is_gone(name: str) -> None:
    after = dropped(DATA, ORIGINAL, name)
    assert [o["client_order_id"] for o in after["orders"]] == [known for known in IDS if known != name]
    assert problems(after) == []


@given(quantity=st.integers(1, 1000), price=st.integers(100, 100_000).map(lambda cents: cents / 100))
def test_an_order_added_is_complete_and_last(quantity: int, price: float) -> None:
    after = added(DATA, ORIGINAL, NewOrder("PSQ", "buy", quantity, price))
    new = after["orders"][-1]
    assert set(new) == set(DATA["orders"][0])
    assert new["client_order_id"] == "20240315_PSQ_entry_buy"
    assert new["rank"] <= min(order.rank for order in ORIGINAL.orders)
    assert problems(after) == []


def test_the_intent_follows_what_is_held() -> None:
    held = dict(ORIGINAL.inputs.account.positions)
    symbol, shares = next(iter(held.items()))

    def intent(side: Any, quantity: int) -> str:
        return str(added(DATA, ORIGINAL, NewOrder(symbol, side, quantity, 10.0))["orders"][-1]["intent"])

    assert intent("buy", 1) == "increase"
    assert intent("sell", shares) == "exit"
    assert intent("sell", shares - 1) == "reduce"


def test_a_price_is_taken_from_the_file_or_asked_for() -> None:
    known = ORIGINAL.orders[0]
    after = added(DATA, ORIGINAL, NewOrder(known.symbol, "buy", 1, prefix="golden"))
    assert after["orders"][-1]["reference_price"] == known.reference_price
    assert after["orders"][-1]["client_order_id"].startswith(f"golden_{date(2024, 3, 15):%Y%m%d}_")
    with pytest.raises(UsageError, match="no price of PSQ"):
        added(DATA, ORIGINAL, NewOrder("PSQ", "buy", 1))


def test_a_name_must_say_which_order() -> None:
    with pytest.raises(UsageError, match="no order has this name"):
        dropped(DATA, ORIGINAL, "AAPL")
    doubled = ORIGINAL.model_copy(update={"orders": (*ORIGINAL.orders, ORIGINAL.orders[0])})
    with pytest.raises(UsageError):
        dropped(as_data(doubled), doubled, ORIGINAL.orders[0].symbol)


def test_a_stop_is_set_moved_and_taken_out() -> None:
    buy = next(order for order in ORIGINAL.orders if order.side == "buy")
    first = changed(DATA, ORIGINAL, buy.client_order_id, OrderChange(stop=1.5))
    place = IDS.index(buy.client_order_id)
    assert first["orders"][place]["stop"]["price"] == 1.5
    assert problems(first) == []
    assert (
        changed(first, ORIGINAL, buy.client_order_id, OrderChange(without_stop=True))["orders"][place]["stop"]
        is None
    )
