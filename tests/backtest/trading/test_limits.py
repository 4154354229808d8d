"""Hard limits: one judge, exact at its edges, and only what is bought is bound."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Book, OpenPosition, Side
from backtest.core.errors import LimitError
from backtest.core.execution_rules import ExecutionRules, Limits
from backtest.core.planned_orders import Plan, PlannedOrder
from backtest.trading.limits import beyond_cash, check_limits, exposure_breaches


def order(
    side: Side, quantity: int, price: float, symbol: str = "AAA", stop: float | None = None
) -> PlannedOrder:
    return PlannedOrder(symbol, side, "entry" if side == "buy" else "exit", quantity, price, 0.0, "", stop)


def names(
    *orders: PlannedOrder,
    shares: dict[str, int] | None = None,
    cash: float = 1000.0,
    equity: float = 1000.0,
    **limits: float,
) -> list[str]:
    found = exposure_breaches(
        orders, shares or {}, cash=cash, equity=equity, limits=Limits.model_validate(limits)
    )
    return [f"{breach.limit} {breach.symbol}".strip() for breach in found]


@pytest.mark.parametrize(("quantity", "breaches"), [(50, []), (51, ["max_position_pct AAA"])])
def test_a_limit_itself_passes_and_a_share_more_does_not(quantity: int, breaches: list[str]) -> None:
    assert names(order("buy", quantity, 10.0), max_position_pct=50) == breaches


def test_what_is_held_counts_with_what_is_bought() -> None:
    bought = order("buy", 10, 10.0)
    assert names(bought, shares={"AAA": 40}, cash=600.0, max_position_pct=50) == []
    assert names(bought, shares={"AAA": 41}, cash=590.0, max_position_pct=50) == ["max_position_pct AAA"]


def test_a_position_nobody_trades_needs_no_price() -> None:
    """It is worth equity - cash, here 900: with 100 in cash nothing more than 100 can be bought."""
    limits = {"max_total_exposure_pct": 95.0}
    assert names(order("buy", 5, 10.0), shares={"ZZZ": 1}, cash=100.0, **limits) == []
    assert names(order("buy", 6, 10.0), shares={"ZZZ": 1}, cash=100.0, **limits) == ["max_total_exposure_pct"]


def test_selling_exceeds_nothing_whatever_has_grown() -> None:
    assert names(order("sell", 1, 10.0), shares={"AAA": 90}, cash=100.0, max_position_pct=10) == []


def test_what_is_sold_makes_room() -> None:
    orders = (order("sell", 90, 10.0), order("buy", 90, 10.0, "BBB"))
    assert names(*orders, shares={"AAA": 90}, cash=100.0, max_total_exposure_pct=90) == []
    assert names(orders[1], shares={"AAA": 90}, cash=1000.0, equity=1900.0, max_total_exposure_pct=90) == [
        "max_total_exposure_pct"
    ]


def test_leverage_counts_the_market_value_once() -> None:
    assert names(
        order("buy", 201, 10.0), max_position_pct=1000, max_total_exposure_pct=1000, max_total_leverage=2
    ) == ["max_total_leverage"]


@given(
    st.lists(st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 100), st.floats(1, 100)), max_size=6),
    st.floats(0, 10_000),
)
def test_beyond_cash_is_what_the_recount_must_cut(rows: list[tuple[Side, int, float]], cash: float) -> None:
    orders = [order(side, quantity, price) for side, quantity, price in rows]
    missing = beyond_cash(orders, cash)
    buys = sum(o.quantity * o.reference_price for o in orders if o.side == "buy")
    sells = sum(o.quantity * o.reference_price for o in orders if o.side == "sell")
    assert 0 <= missing <= buys
    assert buys - missing <= max(cash + sells, 0) + 1e-6 or missing == 0
    assert (missing > 1e-9) == (buys > cash + sells + 1e-9) or abs(buys - cash - sells) < 1e-6


def test_a_debt_pays_for_nothing() -> None:
    assert beyond_cash([order("buy", 10, 10.0)], -50.0) == 100.0


def test_every_breach_is_said_at_once() -> None:
    rules = ExecutionRules.model_validate(
        {
            "limits": {
                "max_order_value": 100,
                "max_orders_per_run": 1,
                "max_stop_orders_per_run": 1,
                "max_position_pct": 5,
            }
        }
    )
    plan = Plan((order("buy", 11, 10.0, stop=9.0), order("buy", 1, 10.0, "BBB", stop=9.0)), 1000.0, 0.0)
    with pytest.raises(LimitError) as caught:
        check_limits(plan, Book(1000.0), rules)
    assert caught.value.exit_code == 7
    assert [finding.path for finding in caught.value.findings] == ["AAA", "orders", "orders", "AAA"]
    assert "max_position_pct (5.0%)" in str(caught.value)


def test_a_plan_within_its_limits_passes_with_what_is_held() -> None:
    held = Book(500.0, {"AAA": OpenPosition("AAA", 50, 10.0, date(2024, 1, 2))})
    check_limits(Plan((order("buy", 50, 10.0),), 1000.0, 0.0), held, ExecutionRules())
    # what cash cannot pay is cut by the recount, so it is no exposure
    check_limits(Plan((order("buy", 60, 10.0, "BBB"),), 1000.0, 0.0), held, ExecutionRules())
    with pytest.raises(
        LimitError, match="max_position_pct"
    ):  # but one symbol may not be planned past its limit
        check_limits(Plan((order("buy", 60, 10.0),), 1000.0, 0.0), held, ExecutionRules())
