"""Virtual books across a split: what a book is worth stays, and no split passes unrecorded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import DataError
from backtest.core.planned_orders import PlannedOrder
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.splits import RATIOS
from live.ledger.shadow_books import ShadowBook
from live.reconciliation.splits import FRACTION
from live.shadow.split_books import (
    before_splits,
    fractions_of,
    require_same_prices,
    require_same_shares,
    restated,
    scaled_book,
    splits_between,
)

MON, TUE, WED = (date(2024, 3, day) for day in (18, 19, 20))
ENTERED = date(2024, 1, 2)


def split(ratio: Fraction | int, day: date = TUE, symbol: str = "AAA") -> CorporateAction:
    return CorporateAction(symbol, day, "split", Fraction(ratio), source="person")


def history(closes: dict[date, float], symbol: str = "AAA") -> dict[str, Bars]:
    close = np.array(list(closes.values()), dtype=np.float64)
    dates = np.array(list(closes), dtype="datetime64[D]")
    volume = np.full(len(close), 1e6)
    return {symbol: Bars(symbol, dates, close, close * 1.01, close * 0.99, close, volume, source="test")}


def book(quantity: int = 10, *, cash: float = 500.0, stop: float | None = 90.0, symbol: str = "AAA") -> Book:
    return Book(cash, {symbol: OpenPosition(symbol, quantity, 100.0, ENTERED, stop, {"score": 7})})


def marked(held: Book, price: float = 100.0, day: date = MON) -> ShadowBook:
    return ShadowBook(held, held.cash + price * sum(held.shares().values()), day)


def entry(price: float, symbol: str = "AAA") -> PlannedOrder:
    return PlannedOrder(symbol, "buy", "entry", 5, price, 1.0, "")


def test_splits_between_are_those_after_the_mark_oldest_first() -> None:
    dividend = CorporateAction("AAA", TUE, "dividend", amount=Decimal(1))
    late, early, before = split(2, WED), split(3, TUE), split(4, MON)
    assert splits_between([late, dividend, early, before], MON, WED) == (early, late)
    assert splits_between([late], MON, TUE) == ()


def test_a_split_scales_shares_entry_and_stop_and_keeps_everything_else() -> None:
    other = OpenPosition("BBB", 3, 50.0, ENTERED)
    before = Book(500.0, {**book().positions, "BBB": other})
    after = scaled_book(before, [split(4)])
    assert after.cash == 500.0
    assert after.positions["AAA"] == OpenPosition("AAA", 40, 25.0, ENTERED, 22.5, {"score": 7})
    assert after.positions["BBB"] == other


def test_a_reverse_split_keeps_the_fraction_until_a_later_split_makes_it_whole() -> None:
    halved = scaled_book(book(15, stop=None), [split(Fraction(1, 10))])
    position = halved.positions["AAA"]
    assert (position.quantity, position.details[FRACTION], position.stop_price) == (1, "0.5", None)
    assert fractions_of(halved) == ("AAA: 0.5 of a share is left of a split; only whole shares are ordered",)
    whole = scaled_book(halved, [split(2, WED)])
    assert whole.positions["AAA"].quantity == 3
    assert FRACTION not in whole.positions["AAA"].details
    assert fractions_of(whole) == ()


@given(
    st.integers(1, 10_000),
    st.floats(0.5, 5_000, allow_nan=False),
    st.sampled_from(RATIOS),
    st.sampled_from(RATIOS),
)
def test_no_split_changes_what_a_book_is_worth(
    quantity: int, price: float, first: Fraction, second: Fraction
) -> None:
    held = Book(0.0, {"AAA": OpenPosition("AAA", quantity, price, ENTERED, price * 0.9)})
    after = scaled_book(held, [split(first), split(second, WED)]).positions["AAA"]
    shares = after.quantity + float(after.details.get(FRACTION, "0"))
    assert shares * after.entry_price == pytest.approx(quantity * price, rel=1e-9)
    assert after.stop_price == pytest.approx(after.entry_price * 0.9, rel=1e-9)
    assert 0 <= float(after.details.get(FRACTION, "0")) < 1


@pytest.mark.parametrize("ratio", [Fraction(4), Fraction(1, 10), Fraction(3, 2)])
def test_a_book_knows_by_its_worth_whether_the_history_was_restated(ratio: Fraction) -> None:
    known = marked(book(100))
    assert not restated(known, [split(ratio)], history({MON: 100.0}))
    assert restated(known, [split(ratio)], history({MON: 100.0 / float(ratio)}))


def test_without_the_position_a_pending_order_tells() -> None:
    known = ShadowBook(Book(500.0), 500.0, MON)
    orders = [entry(20.0, "BBB"), entry(100.0)]
    assert not restated(known, [split(4)], history({MON: 101.0}), orders)
    assert restated(known, [split(4)], history({MON: 25.5}), orders)
    assert not restated(known, [split(4)], history({MON: 25.5}))  # nothing counts shares: nothing to restate
    assert not restated(known, [split(4)], {}, orders)


def test_histories_go_back_to_the_prices_of_before_the_split() -> None:
    now = history({MON: 25.0, TUE: 26.0})
    back = before_splits(now, [split(4), split(2, symbol="BBB")])
    assert back["AAA"].close.tolist() == [100.0, 26.0]
    assert now["AAA"].close.tolist() == [25.0, 26.0]  # the history itself stays
    assert set(back) == {"AAA"}


@pytest.mark.parametrize(
    ("close", "stops"), [(100.0, False), (101.4, False), (98.7, False), (97.0, True), (25.0, True)]
)
def test_a_history_that_values_the_book_otherwise_stops_it(close: float, *, stops: bool) -> None:
    known = marked(book(10))  # 1,500: 2 % is 30, that is 3 a share
    if stops:
        with pytest.raises(DataError, match="history of held symbols changed") as caught:
            require_same_shares("titan", known, history({MON: close - 0.1}))
        assert caught.value.exit_code == 5
        assert "AAA" in str(caught.value)
    else:
        require_same_shares("titan", known, history({MON: close}))


def test_a_history_that_says_nothing_stops_nothing() -> None:
    known = marked(book(10))
    require_same_shares("titan", known, {})
    require_same_shares("titan", known, history({TUE: 1.0}))  # begins after the mark
    require_same_shares("titan", ShadowBook(Book(500.0), 500.0, MON), {})


@pytest.mark.parametrize(
    ("price", "stops"),
    [(100.0, False), (103.0, False), (115.0, False), (25.0, True), (400.0, True), (1000.0, True)],
)
def test_a_pending_order_a_split_away_from_its_bar_stops(price: float, *, stops: bool) -> None:
    """115 against 100 is a large move of the price, not a ratio at which shares are split."""
    bars = history({MON: 100.0, TUE: 100.0})
    orders = [entry(price), entry(7.0, "BBB")]
    if stops:
        with pytest.raises(DataError, match=f"prices of AAA on {TUE} are a split away"):
            require_same_prices("titan", orders, TUE, bars)
    else:
        require_same_prices("titan", orders, TUE, bars)
