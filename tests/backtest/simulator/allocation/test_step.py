"""One session of an allocation book: fills worked out by hand, and what no fill may break."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Book, OpenPosition, Side
from backtest.core.errors import DataError, JutsuError
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Intent, Plan, PlannedOrder
from backtest.simulator.allocation.step import book_fill, carry_out, mark, realised_pnl
from backtest.trading.fills import Fill, fill_market

DAY, BEFORE = date(2024, 3, 18), date(2024, 3, 1)
FREE = ExecutionRules(min_cash_pct=0, max_buying_power_pct=100)
COSTS = ExecutionRules(min_cash_pct=0, max_buying_power_pct=100, slippage_pct=1.0, commission_per_order=1.0)


def order(symbol: str, side: Side, quantity: int, price: float = 10.0, rank: float = 0.0) -> PlannedOrder:
    intent: Intent = "entry" if side == "buy" else "exit"
    return PlannedOrder(symbol, side, intent, quantity, price, rank, "test")


def plan(*orders: PlannedOrder) -> Plan:
    return Plan(orders, 0.0, 0.0)


def holding(cash: float, **positions: tuple[int, float]) -> Book:
    return Book(cash, {s: OpenPosition(s, n, price, BEFORE) for s, (n, price) in positions.items()})


def test_the_cash_of_a_sale_buys_in_the_same_session() -> None:
    """Sell 100 at 10 less 1 %: 990 - 1 = 989. A share costs 20.20: 48 for 969.60 + 1, 49 would be 990.80."""
    asked = plan(order("OLD", "sell", 100), order("NEW", "buy", 50, 20.0))
    done = carry_out(asked, holding(0.0, OLD=(100, 8.0)), {"OLD": 10.0, "NEW": 20.0}, COSTS, session=DAY)
    assert [(e.order.symbol, e.fill.quantity, e.fill.price) for e in done.executed] == [
        ("OLD", 100, 9.9),
        ("NEW", 48, 20.2),
    ]
    assert [e.realised_pnl for e in done.executed] == [189.0, -1.0]  # 989 - 100 x 8, and a commission
    assert done.book.cash == 18.4
    assert done.book.positions["NEW"] == OpenPosition("NEW", 48, 20.2, DAY)
    assert done.book.shares() == {"NEW": 48}
    (warning,) = done.warnings
    assert "NEW" in warning


def test_an_order_without_a_price_leaves_everything_as_it_was() -> None:
    before = holding(50.0, OLD=(3, 8.0))
    done = carry_out(plan(order("OLD", "sell", 3)), before, {}, FREE, session=DAY)
    assert (done.executed, done.book) == ((), before)
    assert done.warnings == ("OLD: no price to sell at, order not filled",)


def test_the_reserve_counts_holdings_that_do_not_trade_at_their_marks() -> None:
    """Cash 1,000 and 100 HELD at 90: equity 10,000, of which 5 % stay: 500 for shares of 10."""
    rules = ExecutionRules(min_cash_pct=5, max_buying_power_pct=100)
    before = holding(1_000.0, HELD=(100, 50.0))
    done = carry_out(
        plan(order("NEW", "buy", 100)), before, {"NEW": 10.0}, rules, session=DAY, marks={"HELD": 90.0}
    )
    assert done.book.shares() == {"HELD": 100, "NEW": 50}
    assert done.book.cash == 500.0


def test_a_second_purchase_averages_the_price_and_keeps_the_day() -> None:
    after = book_fill(
        holding(200.0, AAA=(10, 10.0)), order("AAA", "buy", 5), Fill("buy", 5, 13.0, 1.0, -66.0), DAY
    )
    assert after == Book(134.0, {"AAA": OpenPosition("AAA", 15, 11.0, BEFORE)})  # (100 + 65) / 15


def test_a_partial_sale_keeps_the_average_and_a_whole_one_ends_the_position() -> None:
    before = holding(0.0, AAA=(10, 10.0))
    part = book_fill(before, order("AAA", "sell", 4), Fill("sell", 4, 12.0, 0.0, 48.0), DAY)
    assert part == Book(48.0, {"AAA": OpenPosition("AAA", 6, 10.0, BEFORE)})
    assert book_fill(part, order("AAA", "sell", 6), Fill("sell", 6, 12.0, 0.0, 72.0), DAY) == Book(120.0)


@pytest.mark.parametrize("held", [{}, {"AAA": (4, 10.0)}])
def test_more_shares_than_held_are_never_sold(held: dict[str, tuple[int, float]]) -> None:
    with pytest.raises(JutsuError, match=f"sold 5 shares but holds {4 if held else 0}"):
        book_fill(holding(0.0, **held), order("AAA", "sell", 5), Fill("sell", 5, 9.0, 0.0, 45.0), DAY)


def test_what_a_fill_realises() -> None:
    book = holding(0.0, AAA=(10, 10.0))
    assert realised_pnl(book, order("AAA", "sell", 4), Fill("sell", 4, 9.5, 1.0, 37.0)) == -3.0
    assert realised_pnl(book, order("AAA", "buy", 4), Fill("buy", 4, 9.5, 1.0, -39.0)) == -1.0
    assert str(realised_pnl(book, order("AAA", "buy", 4), Fill("buy", 4, 9.5, 0.0, -38.0))) == "0.0"


def test_a_book_is_marked_to_the_cent_and_never_without_a_price() -> None:
    book = holding(0.1, AAA=(3, 1.0), BBB=(1, 1.0))
    assert mark(book, {"AAA": 0.1, "BBB": 0.2, "ZZZ": 9.0}) == 0.6
    with pytest.raises(DataError, match="no price to mark it at") as failed:
        mark(book, {"AAA": 1.0})
    assert failed.value.where == "BBB"


PRICE = st.decimals("0.01", 500, places=2).map(float)


@given(
    st.integers(0, 500),
    PRICE,
    PRICE,
    st.floats(0, 50_000).map(lambda cash: round(cash, 2)),
    st.integers(1, 900),
    st.integers(1, 500),
)
def test_cash_is_what_the_fills_say_and_never_below_zero(
    held: int, old: float, new: float, cash: float, wanted: int, sold: int
) -> None:
    before = holding(cash, OLD=(held, 10.0)) if held else holding(cash)
    sells = [order("OLD", "sell", min(sold, held))] if held else []
    done = carry_out(
        plan(*sells, order("NEW", "buy", wanted, new)), before, {"OLD": old, "NEW": new}, COSTS, session=DAY
    )
    flows = sum(e.fill.cash_flow for e in done.executed)
    assert done.book.cash == pytest.approx(cash + flows, abs=0.005)
    assert done.book.cash >= 0
    bought = done.book.shares().get("NEW", 0)
    assert bought <= wanted
    if bought < wanted:  # one share more was not to be had
        more = fill_market("buy", bought + 1, new, COSTS)
        assert done.book.cash - sum(e.fill.cash_flow for e in done.executed if e.fill.side == "buy") < (
            -more.cash_flow
        )
