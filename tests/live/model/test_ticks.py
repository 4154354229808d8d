"""Prices brokers accept: cents from one dollar, hundredths of a cent below."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from live.brokers.common import tick_text
from live.model.ticks import limit_above, tick, to_tick


@given(st.floats(min_value=0.0001, max_value=1_000_000))
def test_a_rounded_price_is_near_and_never_refused(price: Any) -> None:
    rounded = to_tick(price)
    assert abs(float(rounded) - price) <= float(tick(Decimal(repr(price)))) / 2 * (1 + 1e-6)
    assert Decimal(tick_text(rounded)) == rounded
    assert to_tick(rounded) == rounded


def test_the_step_changes_at_one_dollar() -> None:
    assert (tick(Decimal(1)), tick(Decimal("0.9999"))) == (Decimal("0.01"), Decimal("0.0001"))
    assert (to_tick(0.99996), to_tick(12.3456)) == (Decimal("1.0000"), Decimal("12.35"))


@given(
    st.decimals("0.0002", 1_000_000, places=6),
    st.floats(min_value=0, max_value=20).map(lambda p: round(p, 4)),
)
def test_a_limit_is_the_highest_price_on_the_tick_that_is_not_too_much(
    price: Decimal, percent: float
) -> None:
    most = price * (1 + Decimal(repr(percent)) / 100)
    limit = limit_above(price, percent)
    assert limit <= most < limit + tick(most)
    assert Decimal(tick_text(limit)) == limit
