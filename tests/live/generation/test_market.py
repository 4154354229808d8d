"""Market data of a decision: which quotes make a bar, and why others do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.errors import DataError
from live.generation.market import SessionMarket, gather
from live.model.feed import Quote
from tests.support.calendar_days import window_on
from tests.support.exec_world import AT, DAY, ScriptedFeed, bars

WINDOW = window_on(DAY)
BEFORE = calendar.previous_session(DAY).day


@dataclass
class ChangedQuotes(ScriptedFeed):
    """A feed whose quotes have these fields instead."""

    changes: dict[str, Any] = field(default_factory=dict)

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        return {s: replace(q, **self.changes) for s, q in super().quotes(symbols, at).items()}


def feed(**changes: Any) -> ScriptedFeed:
    made = ChangedQuotes(prices={"QQQ": 100.0, "TQQQ": 50.0}, changes=changes)
    for symbol, price in made.prices.items():
        made.daily[symbol] = bars(symbol, {BEFORE: (price, price, price, price)})
    return made


def looked(made: ScriptedFeed, **more: Any) -> SessionMarket:
    return gather(made, ["QQQ", "TQQQ"], WINDOW, AT, leading=["QQQ"], max_age_seconds=60.0, **more)


def test_a_fresh_quote_makes_the_bar() -> None:
    assert looked(feed()).reference_prices() == {"QQQ": 100.0, "TQQQ": 50.0}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"trade_time": AT - timedelta(days=1), "quote_time": AT - timedelta(days=1)}, "last trade was at"),
        ({"trade_time": None}, "no time"),
        ({"realtime": False}, "delayed"),
        ({"status": "halted"}, "halted"),
        ({"volume": None}, "incomplete"),
    ],
)
def test_a_doubtful_quote_makes_no_bar_and_says_why(changes: dict[str, Any], why: str) -> None:
    market = looked(feed(**changes))
    assert market.reference_prices() == {}
    with pytest.raises(DataError) as raised:
        market.require(["QQQ"])
    assert why in str(raised.value.findings[0])


def test_an_old_quote_of_a_symbol_that_decides_makes_no_bar() -> None:
    old = {"quote_time": AT - timedelta(minutes=10)}
    assert looked(feed(**old)).reference_prices() == {"TQQQ": 50.0}


def test_a_past_session_has_no_ages() -> None:
    past = gather(feed(quote_time=None, trade_time=None), ["QQQ"], WINDOW, AT)
    assert past.reference_prices() == {"QQQ": 100.0}
