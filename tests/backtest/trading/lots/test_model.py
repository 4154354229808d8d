"""Amounts of trades, terms of sales, groups of securities."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from backtest.trading.lots.model import LotRules, LotTrade, long_from


@pytest.mark.parametrize(
    ("bought", "first"),
    [
        ("2023-02-28", "2024-03-01"),
        ("2024-02-28", "2025-03-01"),
        ("2024-02-29", "2025-03-01"),
        ("2023-12-31", "2025-01-01"),
        ("2023-05-10", "2024-05-11"),
    ],
)
def test_the_first_long_day(bought: str, first: str) -> None:
    assert long_from(date.fromisoformat(bought)) == date.fromisoformat(first)


@pytest.mark.parametrize(("side", "amount"), [("buy", "1011.12"), ("sell", "1009.13")])
def test_commissions_are_part_of_basis_and_proceeds(side: str, amount: str) -> None:
    trade = LotTrade(
        "1",
        "ours",
        "QQQ",
        "buy" if side == "buy" else "sell",
        Fraction(30),
        Decimal("33.6708"),
        date(2024, 1, 2),
        Decimal("0.996"),
    )
    assert trade.amount == Decimal(amount)


def test_a_symbol_without_a_group_is_its_own() -> None:
    rules = LotRules(identical=(("QQQ", "QQQM"),))
    assert (rules.group("QQQM"), rules.group("QQQ"), rules.group("TMF")) == ("QQQ", "QQQ", "TMF")
