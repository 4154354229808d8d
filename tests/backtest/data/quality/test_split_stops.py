"""Stops across splits: the share count and the level that rest afterwards never sell what they should not."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backtest.data.quality.actions import CorporateAction, Holding
from backtest.data.quality.split_stops import RestingStop, stop_after_split
from backtest.data.quality.splits import RATIOS

DAY = date(2024, 6, 10)
HELD = Holding("AAA", Decimal(100), Decimal(1000), Decimal(900))
TEN = CorporateAction("AAA", DAY, "split", Fraction(10))


def after(
    resting: RestingStop | None,
    *,
    broker: Decimal = Decimal(1000),
    last: Decimal = Decimal(100),
    held: Holding = HELD,
    split: CorporateAction = TEN,
) -> Any:
    return stop_after_split(held, split, broker, resting, last)


def test_a_stop_left_at_the_old_price_with_the_new_count_is_replaced() -> None:
    found = after(RestingStop(1000, Decimal(900)))
    assert (found.action, found.quantity, found.price) == ("replace", 1000, Decimal("90.00"))


def test_a_stop_the_broker_scaled_stays_and_one_it_cancelled_is_placed() -> None:
    assert after(RestingStop(1000, Decimal("90.00"))).action == "keep"
    assert after(None).action == "place"


def test_nothing_happens_before_the_broker_has_booked_it() -> None:
    assert after(RestingStop(100, Decimal(900)), broker=Decimal(100)) is None


def test_a_price_below_the_new_stop_is_a_persons_matter() -> None:
    assert after(RestingStop(1000, Decimal(900)), last=Decimal(89)).action == "ask"


def test_a_reverse_split_keeps_the_fraction_and_protects_whole_shares() -> None:
    held = Holding("AAA", Decimal(350), Decimal(2), Decimal("1.80"))
    split = CorporateAction("AAA", DAY, "split", Fraction(1, 40))
    for broker, fraction in ((Decimal("8.75"), Decimal("0.75")), (Decimal(8), Decimal(0))):
        found = after(
            RestingStop(350, Decimal("1.80")), broker=broker, held=held, split=split, last=Decimal(80)
        )
        assert (found.action, found.quantity, found.fraction) == ("replace", 8, fraction)
        assert found.price == Decimal("72.00")


def test_less_than_a_share_needs_no_stop() -> None:
    held = Holding("AAA", Decimal(5), Decimal(2), Decimal(1))
    split = CorporateAction("AAA", DAY, "split", Fraction(1, 10))
    found = after(RestingStop(5, Decimal(1)), broker=Decimal("0.5"), held=held, split=split)
    assert (found.action, found.quantity, found.price) == ("cancel", 0, None)


@given(
    st.sampled_from(RATIOS),
    st.integers(1, 10_000),
    st.decimals("0.5", "900", places=2),
    st.integers(0, 20_000),
    st.decimals("0.5", "900", places=2),
)
def test_what_rests_afterwards_never_sells_at_once_or_more_than_is_held(
    ratio: Fraction, shares: int, stop: Decimal, count: int, level: Decimal
) -> None:
    held = Holding("AAA", Decimal(shares), stop * 2, stop)
    split = CorporateAction("AAA", DAY, "split", ratio)
    broker = Decimal(int(shares * ratio))
    last = stop * 2 * ratio.denominator / ratio.numerator
    found = after(RestingStop(count, level), broker=broker, held=held, split=split, last=last)
    assert found.quantity == broker
    if found.action in {"place", "replace"}:
        assert found.price < last
    if found.action == "keep":
        assert count == broker
        assert level < last
