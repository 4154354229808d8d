"""Held against wanted: prices and rounding are not off target, a missing or foreign leg is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.planned_orders import Plan, PlannedOrder
from live.books.targets import FACTOR, SMALLEST, Leg, legs_after, legs_of, off_target_lines
from live.ledger.tables import PositionRow


def row(symbol: str, quantity: int, worth: int | None) -> PositionRow:
    value = None if worth is None else Decimal(worth)
    return PositionRow.of({"symbol": symbol, "quantity": quantity, "current_value": value})


def content(**targets: float) -> dict[str, object]:
    wanted = [{"symbol": symbol, "weight": weight} for symbol, weight in targets.items()]
    return {"strategy": {"family": "allocation"}, "targets": wanted}


def test_every_leg_wanted_or_held_is_named_once() -> None:
    rows = [row("QQQ", 10, 4000), row("TLT", 5, 500)]
    assert legs_of(content(QQQ=0.4, TQQQ=0.6), rows, 10_000.0) == (
        Leg("QQQ", 10, 0.4, 0.4),
        Leg("TQQQ", 0, 0.6, 0.0),
        Leg("TLT", 5, 0.0, 0.05),
    )


@pytest.mark.parametrize(
    ("target", "held", "off"),
    [
        (0.6, 0.0, True),  # after a panic, or its order was disabled
        (0.6, 0.29, True),  # half was sold by hand
        (0.0, 0.3, True),  # never sold
        (0.6, 0.45, False),  # the market fell
        (0.4, 0.55, False),
        (0.0, 0.01, False),  # a rest
        (0.6, None, False),  # no price: nothing can be said
    ],
)
def test_what_is_off_target(target: float, held: float | None, off: bool) -> None:
    leg = Leg("QQQ", 1, target, held)
    assert leg.off_target == off
    assert bool(off_target_lines([leg])) == off


@given(st.floats(SMALLEST, 1), st.floats(1 / FACTOR + 0.001, FACTOR - 0.001))
def test_no_price_movement_within_the_factor_is_off_target(target: float, moved: float) -> None:
    assert not Leg("QQQ", 1, target, target * moved).off_target


def test_without_equity_or_price_nothing_is_guessed() -> None:
    rows = [row("QQQ", 10, None)]
    assert legs_of(content(QQQ=0.4), rows, 10_000.0)[0].held is None
    assert legs_of(content(QQQ=0.4), [row("QQQ", 10, 1)], None)[0].held is None


def test_other_families_have_no_targets() -> None:
    assert legs_of({"strategy": {"family": "positions"}}, [row("AAPL", 1, 100)], 100.0) == ()


def test_orders_of_a_plan_count_as_filled_and_a_leg_without_a_price_is_not_judged() -> None:
    order = PlannedOrder(
        symbol="QQQ", side="sell", intent="reduce", quantity=4, reference_price=50.0, rank=0, reason=""
    )
    plan = Plan(orders=(order,), equity=1000.0, residual_cash=0.0)
    found = legs_after(plan, {"QQQ": 0.3, "TQQQ": 0.6}, {"QQQ": 10, "TLT": 10}, {"QQQ": 50.0, "TQQQ": 10.0})
    assert found == (Leg("QQQ", 6, 0.3, 0.3), Leg("TLT", 10, 0.0, None), Leg("TQQQ", 0, 0.6, 0.0))
