"""Quotes right before orders: doubted when they fit neither history, index, candle nor a second source."""

from datetime import timedelta
from decimal import Decimal

from backtest.data.quality.before_orders import Seen, doubts_before_orders
from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.findings import PriceFinding
from backtest.data.quality.known import Known
from tests.support.price_gate_world import RELATIONS, index_and_funds

BARS = index_and_funds()
TODAY = BARS["QQQ"].last
BEFORE = {symbol: bars.until(TODAY - timedelta(days=1)) for symbol, bars in BARS.items()}
CLOSE = {symbol: float(bars.close[-1]) for symbol, bars in BARS.items()}
KNOWN = Known(RELATIONS)


def doubts(seen: dict[str, Seen], known: Known = KNOWN) -> dict[str, PriceFinding]:
    return doubts_before_orders(seen, TODAY, "close", BARS, known)


def test_quotes_that_fit_pass() -> None:
    assert doubts({symbol: Seen(price, candle=price) for symbol, price in CLOSE.items()}) == {}


def test_a_quote_far_from_history_is_named_although_the_others_pass() -> None:
    seen = {symbol: Seen(price) for symbol, price in CLOSE.items()} | {"TQQQ": Seen(CLOSE["TQQQ"] * 1.9)}
    found = doubts(seen)
    assert list(found) == ["TQQQ"]
    assert "jutsu data confirm TQQQ" in found["TQQQ"].remedy


def test_a_quote_that_differs_from_candle_or_second_source_is_named() -> None:
    price = CLOSE["QQQ"]
    for seen in (Seen(price, candle=price * 1.02), Seen(price, second_source=price * 0.98)):
        assert list(doubts({"QQQ": seen})) == ["QQQ"]
    assert doubts({"TQQQ": Seen(CLOSE["TQQQ"], candle=CLOSE["TQQQ"] * 1.02)}) == {}  # three times as fast


def test_a_confirmed_quote_passes_to_the_cent() -> None:
    price = round(CLOSE["QQQ"] * 1.4, 2)
    seen = {"QQQ": Seen(price)}
    assert list(doubts(seen)) == ["QQQ"]
    assert doubts(seen, Known(RELATIONS, (), (ConfirmedPrice("QQQ", TODAY, Decimal(str(price))),))) == {}
