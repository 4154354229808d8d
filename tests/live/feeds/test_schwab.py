"""Schwab's candles, quotes and hours as the stages get them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from live.feeds.schwab import merged, parse_candles, parse_hours, parse_quote, session_date
from tests.fakes.schwab.rig import rig

DAYS = ["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12"]  # the clocks changed on Sunday the 10th
ROWS = [
    {"date": day, "open": 10.0 + i, "high": 12.0 + i, "low": 9.0 + i, "close": 11.0 + i, "volume": 100 + i}
    for i, day in enumerate(DAYS)
]


def at(hour: int, minute: int = 0, day: int = 12) -> datetime:
    return datetime(2024, 3, day, hour, minute, tzinfo=UTC)


def bars(days: list[str], closes: list[float]) -> Bars:
    n = len(days)
    flat = np.full(n, 10.0)
    return Bars(
        "QQQ", np.array(days, "datetime64[D]"), flat, flat, flat, np.array(closes), flat, source="csv"
    )


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        (1709877600000, date(2024, 3, 8)),  # 06:00 UTC, winter
        (1710133200000, date(2024, 3, 11)),  # 05:00 UTC, summer
        (1730696400000, date(2024, 11, 4)),  # 05:00 UTC = 23:00 of the 3rd in Chicago: still Monday's candle
    ],
)
def test_a_candle_belongs_to_its_new_york_session(stamp: int, day: date) -> None:
    assert session_date(stamp) == day


def test_history_is_every_finished_session(tmp_path: Path) -> None:
    with rig(tmp_path, at(19, 45)) as r:
        r.fake.call("market", {"bars": {"QQQ": ROWS}})
        found = r.feed.history(["QQQ", "NOPE"], at(19, 45))
        assert list(found) == ["QQQ"]
        assert found["QQQ"].dates.astype(str).tolist() == DAYS[:3]
        assert found["QQQ"].close.tolist() == [11.0, 12.0, 13.0]
        assert found["QQQ"].source == "schwab"


@pytest.mark.parametrize("status", [400, 404])
def test_one_symbol_that_is_refused_stops_no_other(tmp_path: Path, status: int) -> None:
    with rig(tmp_path, at(19, 45)) as r:
        r.fake.call("market", {"bars": {"QQQ": ROWS}})
        r.fake.fault(method="GET", path="pricehistory", point="before", action="status", status=status)
        assert list(r.feed.history(["NOPE", "QQQ"], at(19, 45))) == ["QQQ"]


def test_todays_unfinished_candle_is_dropped_and_the_finished_one_kept(tmp_path: Path) -> None:
    with rig(tmp_path, at(19, 45)) as r:
        r.fake.call("market", {"bars": {"QQQ": ROWS}, "unfinished_bar": True})
        raw = r.connection.read("h", lambda c: c.get_price_history("QQQ", frequency_type="daily"))
        assert len(raw["candles"]) == 4  # Schwab shows it
        assert r.feed.history(["QQQ"], at(19, 45))["QQQ"].last == date(2024, 3, 11)
        r.fake.clock(at="2024-03-12T20:00:00+00:00")
        assert r.feed.history(["QQQ"], at(20, 0))["QQQ"].last == date(2024, 3, 12)


def test_todays_candle_stands_beside_the_quote_of_the_same_day(tmp_path: Path) -> None:
    with rig(tmp_path, at(19, 45)) as r:
        r.fake.call("market", {"bars": {"QQQ": ROWS}, "unfinished_bar": True})
        assert r.feed.quotes(["QQQ"], at(19, 45))["QQQ"].candle is None  # no history was asked for
        r.feed.history(["QQQ"], at(19, 45))
        raw = r.connection.read("h", lambda c: c.get_price_history("QQQ", frequency_type="daily"))
        assert r.feed.quotes(["QQQ"], at(19, 45))["QQQ"].candle == raw["candles"][-1]["close"]


@pytest.mark.parametrize(
    ("when", "day"),
    [
        (at(13), date(2024, 3, 11)),
        (at(19, 59), date(2024, 3, 11)),
        (at(20), date(2024, 3, 12)),
        (datetime(2024, 3, 17, 15, tzinfo=UTC), date(2024, 3, 15)),
        (datetime(2024, 11, 29, 18, 0, tzinfo=UTC), date(2024, 11, 29)),  # 13:00: early close
        (datetime(2024, 11, 29, 17, 59, tzinfo=UTC), date(2024, 11, 27)),
    ],
)
def test_last_finished_session(when: datetime, day: date) -> None:
    assert calendar.last_closed_session(when).day == day


def test_stored_bars_are_continued_after_their_overlap_agreed(tmp_path: Path) -> None:
    known = bars(["2024-03-06", "2024-03-07", "2024-03-08"], [10.5, 11.0, 12.0])
    with rig(tmp_path, at(19, 45), stored=lambda symbol: known if symbol == "QQQ" else None) as r:
        r.fake.call("market", {"bars": {"QQQ": ROWS}})
        found = r.feed.history(["QQQ"], at(19, 45))["QQQ"]
        assert found.dates.astype(str).tolist() == ["2024-03-06", *DAYS[:3]]
        assert found.close.tolist() == [10.5, 11.0, 12.0, 13.0]
        assert found.source == "csv+schwab"


@pytest.mark.parametrize(("factor", "word"), [(2.0, "split"), (1.04, "adjustment")])
def test_a_common_ratio_over_the_overlap_stops_the_run(factor: float, word: str) -> None:
    known = bars(DAYS[:3], [11.0 * factor, 12.0 * factor, 13.0 * factor])
    fresh = bars(DAYS, [11.0, 12.0, 13.0, 14.0])
    with pytest.raises(DataError, match=word) as caught:
        merged(known, fresh)
    assert caught.value.exit_code == 5


def test_a_restated_small_dividend_lowers_the_older_bars() -> None:
    known = bars(["2024-03-06", *DAYS[:3]], [10.0, 11.0, 12.0, 13.0])
    fresh = bars(DAYS, [10.89, 11.88, 12.87, 14.0])
    assert merged(known, fresh).close.round(2).tolist() == [9.9, 10.89, 11.88, 12.87, 14.0]


def test_the_final_candle_replaces_one_stored_unfinished() -> None:
    fresh = bars(DAYS, [11.0, 12.0, 13.0, 14.0])
    known = replace(
        bars(DAYS[:3], [11.0, 12.0, 12.95]), open=fresh.open[:3], high=fresh.high[:3], low=fresh.low[:3]
    )
    assert merged(known, fresh).close.tolist() == [11.0, 12.0, 13.0, 14.0]


def test_raw_bars_are_not_continued() -> None:
    with pytest.raises(DataError, match="basis raw"):
        merged(replace(bars(DAYS[:3], [11.0, 12.0, 13.0]), basis="raw"), bars(DAYS, [11.0, 12.0, 13.0, 14.0]))


def test_scattered_differences_are_a_data_fault() -> None:
    with pytest.raises(DataError, match="differ"):
        merged(bars(DAYS[:3], [11.0, 12.4, 13.0]), bars(DAYS, [11.0, 12.0, 13.0, 14.0]))


def test_no_overlap_is_a_gap_not_a_continuation() -> None:
    with pytest.raises(DataError, match="overlap"):
        merged(bars(DAYS[:1], [11.0]), bars(DAYS[2:], [13.0, 14.0]))


def test_an_empty_history_is_a_symbol_without_data(tmp_path: Path) -> None:
    with rig(tmp_path, at(19, 45)) as r:
        assert r.feed.history(["NOPE"], at(19, 45)) == {}


@pytest.mark.parametrize(
    "rows",
    [
        [{"datetime": 1710133200000, "open": 1, "high": 1, "low": 1, "close": 1}],
        [{"datetime": None, "open": 1, "high": 1, "low": 1, "close": 1, "volume": 1}],
        [{"datetime": 1710133200000, "open": 1, "high": 1, "low": 1, "close": 1, "volume": 1}] * 2,
    ],
)
def test_defective_candles_are_refused(rows: list[Any]) -> None:
    with pytest.raises(DataError):
        parse_candles("QQQ", rows)


def test_quotes_of_the_running_session(tmp_path: Path) -> None:
    with rig(tmp_path, at(19, 45), {"BRK/B": 400.0}) as r:
        r.fake.call("market", {"spread": 0.1})
        quote = r.feed.quotes(["BRK.B"], at(19, 45))["BRK.B"]
        assert (quote.bid, quote.ask, quote.last, quote.mid) == (399.95, 400.05, 400.0, 400.0)
        assert quote.quote_time == quote.trade_time == at(19, 45)
        assert (quote.realtime, quote.status, quote.source) == (True, "normal", "schwab")


def test_market_hours_are_asked_once_a_day(tmp_path: Path) -> None:
    with rig(tmp_path, at(19, 45), {"QQQ": 440.0}) as r:
        r.feed.quotes(["QQQ"], at(19, 45))
        r.feed.quotes(["QQQ"], at(19, 46))
        assert len(r.fake.sent("GET", "/markets")) == 1


def test_a_holiday_on_which_both_agree(tmp_path: Path) -> None:
    with rig(tmp_path, datetime(2024, 3, 29, 15, tzinfo=UTC)) as r:  # Good Friday
        assert r.feed.market_hours(date(2024, 3, 29)) is None
        r.feed.verify_session(date(2024, 3, 29))


def test_an_early_close_on_which_both_agree(tmp_path: Path) -> None:
    with rig(tmp_path, datetime(2024, 11, 29, 15, tzinfo=UTC)) as r:
        hours = r.feed.market_hours(date(2024, 11, 29))
        assert hours is not None
        opens, closes = hours
        assert closes - opens == timedelta(hours=3.5)
        r.feed.verify_session(date(2024, 11, 29))


ROW = {
    "realtime": True,
    "quote": {"lastPrice": 101.0, "tradeTime": 1710275000000, "quoteTime": 1710275000000},
    "regular": {"regularMarketLastPrice": 100.0, "regularMarketTradeTime": 1710273600000},
}


def test_after_the_close_the_session_price_counts_not_the_after_hours_one() -> None:
    quote = parse_quote("QQQ", ROW, session_over=True)
    assert (quote.last, quote.trade_time) == (100.0, at(20))
    assert parse_quote("QQQ", ROW, session_over=False).last == 101.0


def test_a_quote_that_does_not_say_real_time_is_not() -> None:
    assert not parse_quote("QQQ", {"quote": {}}, session_over=False).realtime
    assert parse_quote("QQQ", {"quote": {}}, session_over=False).mid is None


@pytest.mark.parametrize("key", ["EQ", "equity"])
def test_the_inner_key_of_the_hours_varies(key: str) -> None:
    assert parse_hours({"equity": {key: {"isOpen": False}}}) is None


@pytest.mark.parametrize(
    "answer", [{}, {"equity": {}}, {"equity": {"EQ": {"isOpen": True}}}, {"equity": None}]
)
def test_hours_that_are_not_understood_stop_the_run(answer: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        parse_hours(answer)
