"""Alpaca's bars and quotes as the stages get them."""

from datetime import UTC, date, datetime

import pytest

from live.feeds.alpaca import AlpacaFeed, parse_bars, parse_snapshot
from live.settings.model import AlpacaSettings
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.schwab.harness import LinkedClock

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)


def bar(stamp: str) -> dict[str, object]:
    return {"t": stamp, "o": 10.0, "h": 12.0, "l": 9.0, "c": 11.0, "v": 100}


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("2024-01-16T05:00:00Z", date(2024, 1, 16)),  # winter, as it comes
        ("2024-01-16T04:00:00Z", date(2024, 1, 16)),  # winter, an hour before midnight in New York
        ("2024-07-16T04:00:00Z", date(2024, 7, 16)),
        ("2024-07-16T05:00:00Z", date(2024, 7, 16)),
    ],
)
def test_a_bar_belongs_to_its_session_whichever_stamp_comes(stamp: str, day: date) -> None:
    assert parse_bars("QQQ", [bar(stamp)]).last == day
    now = f"{day}T15:00:00Z"
    snapshot = {"latestTrade": {"t": now, "p": 11.0}, "latestQuote": {}, "dailyBar": bar(stamp)}
    assert parse_snapshot("QQQ", snapshot).open == 10.0


def test_the_bar_of_yesterday_is_not_todays() -> None:
    stale = bar("2024-01-16T05:00:00Z")
    snapshot = {"latestTrade": {"t": "2024-01-17T15:00:00Z", "p": 11.0}, "latestQuote": {}, "dailyBar": stale}
    assert parse_snapshot("QQQ", snapshot).open is None


@pytest.mark.parametrize(
    ("quote", "bid", "ask"),
    [({"bp": 60.0, "ap": 300.0}, 60.0, 300.0), ({"bp": 0, "ap": 101.0}, None, 101.0), ({}, None, None)],
)
def test_snapshots_may_be_wide_or_one_sided_or_lack_a_bar(
    quote: dict[str, float], bid: float | None, ask: float | None
) -> None:
    found = parse_snapshot(
        "AAA",
        {"latestTrade": {"t": "2024-01-17T15:00:00Z", "p": 100.0}, "latestQuote": quote, "dailyBar": None},
    )
    assert (found.bid, found.ask, found.last, found.open) == (bid, ask, 100.0, None)


@pytest.mark.parametrize("what", ["history", "quotes"])
def test_one_symbol_that_is_refused_stops_no_other(what: str) -> None:
    with FakeAlpaca(AT, {"QQQ": 440.0, "AAPL": 170.0}) as fake:
        rows = [{"date": "2024-03-11", "open": 1, "high": 2, "low": 1, "close": 2, "volume": 3}]
        fake.call("market", {"bars": {"QQQ": rows, "AAPL": rows}})
        feed = AlpacaFeed.open(AlpacaSettings(base_url=fake.url), environ=ENVIRON, clock=LinkedClock(fake))
        refused = {"action": "status", "status": 400, "body": '{"message": "invalid symbol"}'}
        fake.fault(method="GET", path="stocks", point="before", times=2, **refused)
        found = getattr(feed, what)(["B@D", "QQQ", "AAPL"], AT)
    assert set(found) == {"QQQ", "AAPL"}
