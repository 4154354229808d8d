"""Which split explains a share count: by count and cost, or because it was recorded."""

from datetime import date
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data.quality.splits import RATIOS
from live.reconciliation.splits import FRACTION, after_split, explaining_split

DAY = date(2025, 3, 5)


def row(quantity: int, price: str = "100", fraction: str = "0", stop: str | None = None) -> Any:
    return SimpleNamespace(
        symbol="AAA",
        quantity=quantity,
        entry_price=Decimal(price),
        stop_price=None if stop is None else Decimal(stop),
        details={FRACTION: fraction},
    )


@pytest.mark.parametrize(
    ("rows", "broker", "average", "recorded", "ratio"),
    [
        ([row(40)], "400", "10", [], "10"),
        ([row(350, "2")], "8.75", "80", [], "1/40"),
        ([row(350, "2")], "8", "80", [], "1/40"),  # the fraction was paid in cash
        ([row(3)], "1", "300", [], "1/3"),  # not 1:2, which leaves one share as well
        ([row(3)], "1", "200", [], "1/2"),
        ([row(8, "80", "0.75")], "87.5", "8", [], "10"),  # an earlier split left a fraction
        ([row(10), row(5)], "150", "10", [], "10"),  # two books
        ([row(5), row(5)], "4", "200", [], "1/2"),
        ([row(100)], "140", "71.428571", [], "7/5"),  # an odd ratio: the cost of all shares is the same
        ([row(100)], "140", None, [Fraction(7, 5)], "7/5"),
        ([row(100)], "200", None, [], None),
        ([row(100)], "200", "100", [], None),  # bought twice
        ([row(100)], "200", "100", [Fraction(2)], None),  # bought, whatever is recorded
        ([row(100)], "141", "100", [], None),
        ([row(100)], "60", "100", [], None),  # sold by hand
        ([], "10", "10", [], None),
    ],
)
def test_examples(
    rows: list[Any], broker: str, average: str | None, recorded: list[Fraction], ratio: str | None
) -> None:
    cost = None if average is None else Decimal(average)
    found = explaining_split(rows, Decimal(broker), cost, recorded)
    assert found == (None if ratio is None else Fraction(ratio))


@given(
    ratio=st.sampled_from(RATIOS),
    quantity=st.integers(1, 100_000),
    price=st.decimals("0.5", "2000", places=2),
    drift=st.floats(-0.02, 0.02),
    whole=st.booleans(),
)
def test_every_usual_split_is_told_from_the_others(
    ratio: Fraction, quantity: int, price: Decimal, drift: float, *, whole: bool
) -> None:
    exact = Decimal(quantity) * ratio.numerator / ratio.denominator
    broker = exact.to_integral_value(ROUND_FLOOR) if whole else exact
    if broker <= 0 or broker == quantity:
        return
    average = price * ratio.denominator / ratio.numerator * Decimal(1 + drift)
    if not whole and Fraction(broker) != quantity * ratio:
        return  # a count with more digits than any broker shows
    assert explaining_split([row(quantity, str(price))], broker, average) == ratio


@given(st.sampled_from(RATIOS), st.integers(1, 10_000), st.decimals("1", "900", places=2))
def test_value_and_distance_of_the_stop_stay(ratio: Fraction, quantity: int, price: Decimal) -> None:
    held = row(quantity, str(price), stop=str(price * Decimal("0.9")))
    after = after_split(held, ratio, on=DAY)
    assert float(after.quantity * after.entry_price) == pytest.approx(float(quantity * price))
    assert after.stop_price is not None
    assert float(after.stop_price / after.entry_price) == pytest.approx(0.9)
