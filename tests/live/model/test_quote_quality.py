"""A wide quote is no price: no entry follows it, and no stop hangs from it above the market."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.model.feed import Quote
from live.model.quote_quality import attached_stop, spread_problem


def quote(bid: float | None, ask: float | None, last: float | None) -> Quote:
    return Quote("AAA", bid, ask, last, None, None)


@pytest.mark.parametrize(
    ("bid", "ask", "last", "word"),
    [
        (60.0, 300.0, 100.0, "apart"),
        (94.0, 106.0, 100.0, "apart"),
        (119.0, 121.0, 100.0, "last trade"),
        (79.0, 81.0, 100.0, "last trade"),
    ],
)
def test_wide_and_lopsided_quotes_stop_an_entry(
    bid: float | None, ask: float | None, last: float | None, word: str
) -> None:
    assert word in spread_problem(quote(bid, ask, last))


@pytest.mark.parametrize(
    ("bid", "ask", "last"),
    [(99.9, 100.1, 100.0), (98.0, 102.0, 100.0), (None, 101.0, 100.0), (99.9, 100.1, None), (None,) * 3],
)
def test_ordinary_and_one_sided_quotes_pass(bid: float | None, ask: float | None, last: float | None) -> None:
    assert spread_problem(quote(bid, ask, last)) == ""


def test_a_wide_quote_never_lifts_the_stop_above_the_market() -> None:
    """The reported case: bid 60, ask 300, last 100 gave a stop at 162."""
    stop = attached_stop(quote(60.0, 300.0, 100.0), reference=Decimal(100), loss_pct=10.0)
    assert stop == Decimal("90.00")


def test_without_a_quote_the_stop_follows_the_reference() -> None:
    assert attached_stop(None, reference=Decimal(50), loss_pct=10.0) == Decimal("45.00")


prices = st.floats(1.0, 1000.0)


@given(bid=prices, width=st.floats(0, 500), last=st.none() | prices, reference=prices)
def test_the_stop_lies_below_every_price_we_know(
    bid: float, width: float, last: float | None, reference: float
) -> None:
    known = quote(bid, bid + width, last)
    stop = attached_stop(known, reference=Decimal(repr(reference)), loss_pct=10.0)
    cent = Decimal("0.01")
    assert stop <= Decimal(repr(reference)) + cent
    assert all(float(stop) < price for price in (known.mid, last) if price is not None)
