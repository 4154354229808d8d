"""Buys are held by a price that cannot be believed; sells and stops never are."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.family import ALLOCATION
from live.execution.verdict import OrdersMissed, PricesDoubted
from live.runtime.known_prices import confirm_price
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    NEXT_DAY,
    StubStrategy,
    World,
    bars,
    enter,
    next_order,
    order,
    outcome,
    run_detail,
    signal,
    states,
    tomorrow,
    world,
)

FUNDS = StubStrategy(family=ALLOCATION)
#: a fund of three times AAA
LEVERED = replace(FUNDS, price_relations=(PriceRelation("BBB", "AAA", 3.0),))


def steady(symbol: str, close: float, until: date = DAY) -> Bars:
    """Bars of sixty sessions up to the day before, which move by up to half a percent and end at `close`."""
    days = [s.day for s in calendar.sessions(date(2024, 11, 1), until) if s.day < until][-60:]
    wave = [close * (1 + 0.005 * ((n * 7) % 5 - 2) / 2) for n in range(len(days) - 1)]
    closes = [*wave, close]
    return bars(symbol, {d: (c, c * 1.004, c * 0.996, c) for d, c in zip(days, closes, strict=True)})


def with_history(made: World, closes: Mapping[str, float], until: date = DAY) -> World:
    made.feed.daily = {symbol: steady(symbol, close, until) for symbol, close in closes.items()}
    return made


def ordered(made: World, symbol: str, price: float, *, rank: float = 1.0) -> dict[str, Any]:
    made.feed.prices[symbol] = price
    return order(symbol, "entry", 10, price, stop=round(price * 0.9, 2), rank=rank)


def test_a_quote_of_590_against_168_and_a_candle_of_170_buys_nothing(made: World) -> None:
    with_history(made, {"AAA": 168.0})
    made.feed.candles["AAA"] = 170.0
    made.write(signal([ordered(made, "AAA", 590.0)]))
    with pytest.raises(PricesDoubted) as stopped:
        made.executor(strategy=FUNDS)
    assert stopped.value.exit_code == 5
    assert "590" in stopped.value.line()
    assert "168" in stopped.value.line()
    assert f"jutsu data confirm AAA {DAY} 590.00" in stopped.value.line()
    assert states(made) == []
    assert outcome(made) == "gated"
    assert made.ledger.runs.get(DAY, "golden").executor_exit == 5
    assert any("590" in text for text in run_detail(made)["critical"])
    assert made.ledger.state.kill_level() == "none"


def test_only_a_confirmation_of_this_symbol_session_and_price_opens(made: World) -> None:
    with_history(made, {"AAA": 168.0})
    made.feed.candles["AAA"] = 170.0
    made.write(signal([ordered(made, "AAA", 590.0)]))
    for symbol, day, price in (("BBB", DAY, "590"), ("AAA", NEXT_DAY, "590"), ("AAA", DAY, "590.01")):
        confirm_price(made.folder / "state", ConfirmedPrice(symbol, day, Decimal(price)), by="me", at=AT)
        with pytest.raises(PricesDoubted):
            made.executor(strategy=FUNDS)
    for more in ({"force": True}, {"skip_time_check": True}, {"accept_edits": True}):
        with pytest.raises(PricesDoubted):
            made.executor(strategy=FUNDS, **more)
    confirm_price(made.folder / "state", ConfirmedPrice("AAA", DAY, Decimal(590)), by="me", at=AT)
    assert made.executor(strategy=FUNDS) == 0
    assert made.holdings() == {"AAA": 10}


def test_the_vendors_own_candle_alone_is_enough_for_a_doubt(made: World) -> None:
    """Without any history, as for a single stock: 590 and 170 cannot both be right."""
    made.feed.candles["AAA"] = 170.0
    made.write(signal([ordered(made, "AAA", 590.0)]))
    with pytest.raises(PricesDoubted, match="today's candle says 170"):
        made.executor()
    assert states(made) == []


def test_a_second_source_is_asked(made: Any) -> None:
    with_history(made, {"AAA": 168.0})
    made.write(signal([ordered(made, "AAA", 168.0)]))
    other = world(made.folder).feed
    other.prices = {"AAA": 171.0}
    opened = made.open
    made.open = lambda: replace(opened(), second_feed=other)
    with pytest.raises(PricesDoubted, match="the second source says 171"):
        made.executor(strategy=FUNDS)
    other.prices = {"AAA": 169.0}
    assert made.executor(strategy=FUNDS) == 0


def test_the_other_buys_go_and_the_held_one_follows_when_confirmed(made: World) -> None:
    with_history(made, {"AAA": 100.0, "BBB": 50.0})
    made.write(signal([ordered(made, "AAA", 195.0, rank=2.0), ordered(made, "BBB", 50.0)]))
    with pytest.raises(PricesDoubted, match="AAA"):
        made.executor(strategy=FUNDS)
    assert made.holdings() == {"BBB": 10}
    assert outcome(made) == "partial"
    confirm_price(made.folder / "state", ConfirmedPrice("AAA", DAY, Decimal(195)), by="me", at=AT)
    assert made.executor(strategy=FUNDS) == 0
    assert made.holdings() == {"AAA": 10, "BBB": 10}
    assert outcome(made) == "completed"


def test_a_fund_is_judged_by_its_index_and_the_index_by_its_fund(made: World) -> None:
    """Minus 18 % is a crash when the index fell by 6 %, and a bad tick when it did not move."""
    with_history(made, {"AAA": 100.0, "BBB": 50.0})
    made.write(signal([ordered(made, "BBB", 41.0)]))
    made.feed.prices["AAA"] = 100.0
    with pytest.raises(PricesDoubted, match="BBB"):
        made.executor(strategy=LEVERED)
    made.feed.prices["AAA"] = 94.0
    assert made.executor(strategy=LEVERED) == 0


def test_a_sell_is_never_held_by_a_doubtful_quote(made: World) -> None:
    enter(made, ENTRY)
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    with_history(made, {"AAA": 100.0}, NEXT_DAY)
    made.feed.prices["AAA"] = 350.0
    made.feed.candles["AAA"] = 101.0
    assert made.executor(strategy=FUNDS) == 0
    assert made.holdings() == {}


def test_a_missed_sell_is_told_before_a_doubt(made: World) -> None:
    enter(made, ENTRY)
    sell, buy = next_order("AAA", "exit", 100, 100.0), next_order("BBB", "entry", 10, 500.0, stop=450.0)
    tomorrow(made, [sell, buy], positions={"AAA": 100}, cash=90_000.0)
    with_history(made, {"BBB": 50.0}, NEXT_DAY)
    made.feed.prices["BBB"] = 500.0
    made.fault = "reject"
    with pytest.raises(OrdersMissed, match="not sold as decided: AAA"):
        made.executor(strategy=FUNDS)
    assert any("BBB" in text and "confirm" in text for text in run_detail(made, NEXT_DAY)["critical"])


def test_nothing_is_sold_at_a_stop_below_a_price_nobody_believes(made: World) -> None:
    """The stop is gone and a bad tick lies below it: the stop is placed again, nothing is sold."""
    enter(made, ENTRY)
    (stop,) = [o for o in made.broker.orders(AT, AT) if o.order_type == "stop"]
    made.broker.cancel(stop.order_id)
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    with_history(made, {"AAA": 100.0}, NEXT_DAY)
    made.feed.prices["AAA"] = 50.0
    made.feed.candles["AAA"] = 100.0
    with pytest.raises(PricesDoubted, match="AAA"):
        made.executor()
    assert all(o.order_type != "market" for o in made.ledger.orders.of_session(NEXT_DAY, "golden"))


def test_histories_that_cannot_be_read_hold_buys_and_not_sells(made: Any) -> None:
    enter(made, ENTRY)
    sell, buy = next_order("AAA", "exit", 100, 100.0), next_order("BBB", "entry", 10, 50.0, stop=45.0)
    tomorrow(made, [sell, buy], positions={"AAA": 100}, cash=90_000.0)

    def broken(*_: Any) -> Any:
        raise DataError("the file is cut", where="BBB", remedy="import it again")

    made.feed.history = broken
    with pytest.raises(PricesDoubted, match="the file is cut"):
        made.executor(strategy=FUNDS)
    assert made.holdings() == {}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(factor=st.one_of(st.floats(0.05, 0.8), st.floats(1.25, 20.0)), candle=st.booleans())
def test_no_quote_far_from_everything_known_ever_buys(
    tmp_path_factory: pytest.TempPathFactory, factor: float, candle: bool
) -> None:
    made = with_history(world(tmp_path_factory.mktemp("w")), {"AAA": 100.0, "BBB": 50.0})
    if candle:
        made.feed.candles["AAA"] = 100.0
    made.write(signal([ordered(made, "AAA", round(100 * factor, 2))]))
    made.feed.prices["BBB"] = 50.0
    with pytest.raises(PricesDoubted):
        made.executor(strategy=LEVERED)
    assert made.holdings() == {}
