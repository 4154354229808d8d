"""Planned orders: sells first, then buys by rank; the same plan always in the same sequence."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Side
from backtest.core.planned_orders import PlannedOrder, by_rank, in_order, percent_of

SIDES: list[Side] = ["buy", "sell"]


def order(
    side: Side, symbol: str, rank: float = 0.0, quantity: int = 3, price: float = 33.335
) -> PlannedOrder:
    return PlannedOrder(symbol, side, "entry", quantity, price, rank, "")


ORDERS = st.builds(order, st.sampled_from(SIDES), st.sampled_from("ABCDEF"), st.sampled_from([0.0, 0.5, 1.0]))


def test_sells_come_first_and_equal_ranks_by_symbol() -> None:
    plan = [
        order("buy", "B", 1.0),
        order("sell", "Z"),
        order("buy", "A", 1.0),
        order("sell", "C"),
        order("buy", "D", 2.0),
    ]
    assert "".join(o.symbol for o in in_order(plan)) == "CZDAB"
    assert [o.symbol for o in by_rank(o for o in plan if o.side == "buy")] == ["D", "A", "B"]


@given(st.lists(ORDERS, max_size=10, unique_by=lambda o: (o.side, o.symbol)), st.randoms())
def test_the_sequence_does_not_depend_on_the_way_in(plan: list[PlannedOrder], random: Random) -> None:
    shuffled = list(plan)
    random.shuffle(shuffled)
    assert in_order(shuffled) == in_order(plan)
    assert sorted(map(repr, in_order(plan))) == sorted(map(repr, plan))  # nothing is lost


def test_the_estimated_value_is_in_cents() -> None:
    assert order("buy", "A").estimated_value == 100.0  # 3 x 33.335, half to even on binary floats
    assert order("buy", "A", quantity=0).estimated_value == 0.0


def test_shares_of_nothing_are_no_number() -> None:
    assert percent_of(25.0, 1000.0) == "2.5%"
    assert percent_of(25.0, 0.0) == "-"
