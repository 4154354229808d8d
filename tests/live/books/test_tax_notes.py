"""Notes about wash sales for the orders of a file."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from backtest.core.planned_orders import PlannedOrder
from backtest.trading.lots.model import LotRules, LotTrade
from live.books.tax_history import TaxHistory
from live.books.tax_notes import order_notes, shares_text

DAY = date(2026, 11, 27)


def traded(number: int, day: str, side: str, count: int, price: str, **more: object) -> LotTrade:
    return LotTrade(
        id=str(number),
        account="other" if more.get("retirement") else "ours",
        symbol="QQQ",
        side="buy" if side == "buy" else "sell",
        quantity=Fraction(count),
        price=Decimal(price),
        day=date.fromisoformat(day),
        retirement=bool(more.get("retirement", False)),
    )


def planned(symbol: str, side: str, count: int, price: float) -> PlannedOrder:
    if side == "buy":
        return PlannedOrder(symbol, "buy", "entry", count, price, 0.0, "test")
    return PlannedOrder(symbol, "sell", "exit", count, price, 0.0, "test")


def notes(trades: list[LotTrade], *orders: PlannedOrder) -> tuple[str, ...]:
    return order_notes(TaxHistory(tuple(trades), (), LotRules()), "ours", orders, DAY)


OLD = traded(1, "2026-06-01", "buy", 233, "600")


def test_a_sale_at_a_loss_names_what_was_bought_before() -> None:
    trades = [OLD, traded(2, "2026-11-15", "buy", 100, "500")]
    assert notes(trades, planned("QQQ", "sell", 233, 598.0)) == (
        "tax: QQQ sells at -466.00; bought 100 QQQ 12 days ago: loss of 200.00 deferred",
    )


def test_a_purchase_names_the_loss_it_defers() -> None:
    trades = [OLD, traded(2, "2026-11-18", "sell", 233, "598")]
    assert notes(trades, planned("TMF", "buy", 5, 50.0), planned("QQQ", "buy", 233, 590.0)) == (
        "tax: QQQ buys 9 days after a loss sale of 2026-11-18: loss of 466.00 deferred",
    )


def test_a_retirement_account_loses_it() -> None:
    trades = [OLD, traded(2, "2026-11-20", "buy", 33, "500", retirement=True)]
    (note,) = notes(trades, planned("QQQ", "sell", 233, 598.0))
    assert note.endswith("bought 33 QQQ 7 days ago: loss of 66.00 lost for good (retirement account)")


@pytest.mark.parametrize(
    "orders",
    [
        (planned("QQQ", "sell", 233, 601.0),),  # a gain
        (planned("QQQ", "sell", 233, 598.0),),  # a loss that nothing replaces
        (planned("QQQ", "buy", 10, 590.0),),  # no loss before it
        (),
    ],
)
def test_without_a_wash_sale_there_is_no_note(orders: tuple[PlannedOrder, ...]) -> None:
    assert notes([OLD], *orders) == ()
    assert notes([], *orders) == ()


def test_shares_as_text() -> None:
    assert [shares_text(Fraction(n, d)) for n, d in ((5, 1), (5, 2), (1, 3))] == ["5", "2.5", "0.333333"]
