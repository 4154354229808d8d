"""Which orders of a file are a rotation, and that approval never splits one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from backtest.core.planned_orders import MAKES_ROOM_FOR
from live.handoff.approval import Standing, State, orders_to_send
from live.handoff.model import SignalFile, SignalOrder
from live.handoff.rotation import rotations
from live.settings.model import ApprovalSettings

AT = datetime(2026, 2, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Kind:
    """An order with the parts that matter here."""

    symbol: str
    intent: str
    room: str | None = None
    enabled: bool = True


def order(kind: Kind) -> SignalOrder:
    sells = kind.intent == "exit"
    return SignalOrder.model_validate(
        {
            "client_order_id": f"20260202_{kind.symbol}_{kind.intent}_{'sell' if sells else 'buy'}",
            "symbol": kind.symbol,
            "side": "sell" if sells else "buy",
            "intent": kind.intent,
            "quantity": 1,
            "order_type": "market",
            "reference_price": 1.0,
            "estimated_value": 1.0,
            "rank": 0.0,
            "reason": "",
            "stop": None,
            "details": {} if kind.room is None else {MAKES_ROOM_FOR: kind.room},
            "enabled": kind.enabled,
            "note": "",
        }
    )


def test_a_sale_and_the_entry_it_names_belong_together() -> None:
    orders = [order(Kind("AAA", "exit", "CCC")), order(Kind("BBB", "exit")), order(Kind("CCC", "entry"))]
    (found,) = rotations(orders)
    assert (found.sale, found.entry) == (orders[0], orders[2])
    (found,) = rotations(orders[:2])
    assert found.entry is None


states = st.sampled_from(["approved", "auto", "silent", "expired", "skipped"])
answers = st.sampled_from(["skip", "trade"])


@given(states, answers, answers, st.booleans(), st.booleans(), st.booleans())
def test_both_halves_go_or_both_stay(
    state: Any, leaving: Any, entering: Any, sale: bool, entry: bool, present: bool
) -> None:
    orders = [order(Kind("AAA", "exit", "CCC", sale)), order(Kind("BBB", "exit"))]
    orders += [order(Kind("CCC", "entry", None, entry))] if present else []
    settings = ApprovalSettings.model_validate({"on_no_answer": {"exit": leaving, "entry": entering}})
    file = cast("SignalFile", SimpleNamespace(orders=tuple(orders)))
    go, held = orders_to_send(file, Standing(cast("State", state), "why"), settings)
    gone = {one.symbol for one in go}
    assert ("AAA" in gone) == ("CCC" in gone)
    assert ("AAA" in gone) <= (sale and entry and present)
    assert {one.order.symbol for one in held} | gone == {one.symbol for one in orders}
    assert ("BBB" in gone) == (state in {"approved", "auto"} or (state != "skipped" and leaving == "trade"))
