"""What a reading of stage 1 for money safety found: stale, delayed, made-up or missing figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.errors import BrokerError, DataError
from backtest.data.store import BarStore
from live.books.variants import primary_book
from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.token import LoginNeeded
from live.feeds.alpaca import parse_snapshot
from live.feeds.stored_bars import store_feed
from live.generation import steps as generation
from live.generation.market import gather
from live.model.broker import Account, Holding
from live.runtime.factories import make_feed
from live.settings.model import Settings
from tests.support.exec_world import AT, DAY, NEXT_DAY, ScriptedFeed, bars

WINDOW = calendar.window(calendar.session(DAY), "15min_before_close")
BEFORE = calendar.previous_session(DAY).day


def feed(**changes):
    made = ScriptedFeed(prices={"QQQ": 100.0, "TQQQ": 50.0})
    for symbol, price in made.prices.items():
        made.daily[symbol] = bars(symbol, {BEFORE: (price, price, price, price)})
    answer = made.quotes
    made.quotes = lambda symbols, at: {s: replace(q, **changes) for s, q in answer(symbols, at).items()}
    return made


def looked(made, **more):
    return gather(made, ["QQQ", "TQQQ"], WINDOW, AT, leading=["QQQ"], max_age_seconds=60.0, **more)


def test_a_fresh_quote_makes_the_bar():
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
def test_a_doubtful_quote_makes_no_bar_and_says_why(changes, why):
    market = looked(feed(**changes))
    assert market.reference_prices() == {}
    with pytest.raises(DataError) as raised:
        market.require(["QQQ"])
    assert why in str(raised.value.findings[0])


def test_an_old_quote_of_a_symbol_that_decides_makes_no_bar():
    old = {"quote_time": AT - timedelta(minutes=10)}
    assert looked(feed(**old)).reference_prices() == {"TQQQ": 50.0}


def test_a_past_session_has_no_ages():
    past = gather(feed(quote_time=None, trade_time=None), ["QQQ"], WINDOW, AT)
    assert past.reference_prices() == {"QQQ": 100.0}


def test_demo_bars_are_refused_in_online_live_even_from_a_store():
    made = feed()
    made.daily["QQQ"] = replace(made.daily["QQQ"], source="demo")
    market = looked(made)
    online = SimpleNamespace(settings=SimpleNamespace(mode="online_live"))
    with pytest.raises(DataError, match="demo data"):
        generation._refuse_demo(online, market)
    offline = SimpleNamespace(settings=SimpleNamespace(mode="offline_mock"))
    generation._refuse_demo(offline, market)


def account(**figures):
    known = {
        "cash": Decimal(5000),
        "settled_cash": Decimal(5000),
        "buying_power": Decimal(5000),
        "equity": Decimal(9000),
    }
    return Account(reference="***1", kind="cash", holdings=(), **{**known, **figures})


@pytest.mark.parametrize(("figures", "budget"), [({"cash": None}, 100.0), ({"equity": None}, 40.0)])
def test_a_figure_the_broker_did_not_give_is_never_zero(figures, budget):
    with pytest.raises(BrokerError, match="gave no"):
        primary_book([], account(**figures), budget, {})


def test_figures_that_are_not_needed_may_be_missing():
    assert primary_book([], account(equity=None), 100.0, {}).cash == 5000.0


def test_rows_of_one_symbol_add_up():
    rows = [("AAA", 60), ("BBB", 5), ("AAA", 40)]
    held = tuple(Holding(symbol, Decimal(quantity), Decimal(10)) for symbol, quantity in rows)
    assert replace(account(), holdings=held).shares() == {"AAA": 100, "BBB": 5}


def test_yesterdays_daily_bar_is_not_mixed_with_todays_trade():
    row = {
        "latestTrade": {"t": f"{NEXT_DAY}T14:31:00Z", "p": 12.0},
        "latestQuote": {"t": f"{NEXT_DAY}T14:31:00Z", "bp": 11.9, "ap": 12.1},
        "dailyBar": {"t": f"{DAY}T05:00:00Z", "o": 9.0, "h": 9.5, "l": 8.5, "c": 9.2, "v": 1000},
    }
    quote = parse_snapshot("AAA", row)
    assert (quote.last, quote.open, quote.volume) == (12.0, None, None)


def test_a_bar_of_today_in_a_store_is_no_quote_where_real_money_trades(tmp_path):
    rows = {BEFORE: (100.0, 101.0, 99.0, 100.0), DAY: (100.0, 120.0, 100.0, 120.0)}
    BarStore(tmp_path).write(bars("QQQ", rows), imported_at=AT)
    assert set(store_feed(tmp_path).quotes(["QQQ"], AT)) == {"QQQ"}
    for mode, quoted in (("offline_mock", {"QQQ"}), ("online_live", set())):
        settings = Settings.model_validate(
            {"mode": mode, "data": {"source": "store", "store": str(tmp_path)}}
        )
        chosen = make_feed(settings, tmp_path)
        assert set(chosen.quotes(["QQQ"], AT)) == quoted
        assert chosen.history(["QQQ"], AT)["QQQ"].last == BEFORE


def test_a_login_that_dies_inside_a_request_is_no_bug():
    from authlib.integrations.base_client import OAuthError

    def call(_client):
        raise OAuthError("invalid_grant")

    connection = object.__new__(SchwabConnection)
    connection.client = None
    with pytest.raises(LoginNeeded, match="invalid_grant"):
        connection._call(call)
