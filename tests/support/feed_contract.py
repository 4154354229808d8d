"""What every market data feed must do: the feed cards of `docs/broker_contract.md`.

Subclass `FeedContract`, name the feed, and provide the fixtures `feed` and, where a vendor has a clock of its
own, `clock`. The feed holds `SYMBOL` on every session from 2024-03-07 to 2024-03-12 at least.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar, Protocol

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK
from live.model.feed import Feed

OPENING = datetime(2024, 3, 12, 9, 35, tzinfo=NEW_YORK)
RUNNING = datetime(2024, 3, 12, 15, 45, tzinfo=NEW_YORK)
CLOSED = datetime(2024, 3, 12, 16, 20, tzinfo=NEW_YORK)
NIGHT = datetime(2024, 3, 12, 6, 0, tzinfo=NEW_YORK)
#: daily bars of the vendors and files: the clocks changed on Sunday the 10th
ROWS = [
    {"date": day, "open": 10.0 + i, "high": 12.0 + i, "low": 9.0 + i, "close": 11.0 + i, "volume": 100 + i}
    for i, day in enumerate(["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12"])
]


class VendorClock(Protocol):
    """Moves the vendor to an instant; feeds over stored bars need none."""

    def __call__(self, at: datetime) -> None:
        """Let it be `at` at the vendor."""
        ...


class FeedContract:
    """One test a card. A card of `NEEDS` runs with the feeds whose `ABILITIES` hold what it needs."""

    #: what the feed of the suite is called on the cards
    FEED: ClassVar[str]
    #: "quotes": it knows the running session
    ABILITIES: ClassVar[frozenset[str]] = frozenset({"quotes"})
    NEEDS: ClassVar[Mapping[str, str]] = {"F08": "quotes", "F09": "quotes", "F10": "quotes"}
    SYMBOL = "QQQ"
    UNKNOWN = "NOPE"

    @pytest.fixture(autouse=True)
    def _skip_what_it_cannot(self, request: pytest.FixtureRequest) -> None:
        need = self.NEEDS.get(request.function.__name__.split("_")[1].upper())
        if need is not None and need not in self.ABILITIES:
            pytest.skip(f"this feed has no {need}")

    @pytest.fixture
    def clock(self) -> VendorClock:
        return lambda at: None

    def test_f01_it_has_a_short_name(self, feed: Feed) -> None:
        assert feed.name.isidentifier()

    @pytest.mark.parametrize("at", [NIGHT, OPENING, RUNNING, CLOSED], ids=["night", "open", "late", "closed"])
    def test_f02_history_ends_with_the_newest_finished_session(
        self, feed: Feed, clock: VendorClock, at: datetime
    ) -> None:
        clock(at)
        found = feed.history([self.SYMBOL], at)[self.SYMBOL]
        assert found.last == calendar.last_closed_session(at).day

    def test_f03_bars_are_in_date_order_and_of_their_symbol(self, feed: Feed, clock: VendorClock) -> None:
        clock(CLOSED)
        found = feed.history([self.SYMBOL], CLOSED)[self.SYMBOL]
        assert found.symbol == self.SYMBOL
        assert np.all(np.diff(found.dates) > np.timedelta64(0, "D"))
        assert np.all(found.low > 0)
        assert np.all(found.low <= np.minimum(found.open, found.close))
        assert np.all(found.high >= np.maximum(found.open, found.close))

    def test_f04_a_symbol_without_bars_is_left_out_of_history(self, feed: Feed, clock: VendorClock) -> None:
        clock(CLOSED)
        assert list(feed.history([self.UNKNOWN, self.SYMBOL], CLOSED)) == [self.SYMBOL]

    def test_f05_a_later_look_does_not_change_what_was_known(self, feed: Feed, clock: VendorClock) -> None:
        clock(RUNNING)
        before = feed.history([self.SYMBOL], RUNNING)[self.SYMBOL]
        clock(CLOSED)
        after = feed.history([self.SYMBOL], CLOSED)[self.SYMBOL]
        assert len(after) == len(before) + 1
        for name in ("dates", "open", "high", "low", "close", "volume"):
            assert np.array_equal(getattr(before, name), getattr(after, name)[:-1])

    def test_f06_an_instant_of_another_zone_means_the_same(self, feed: Feed, clock: VendorClock) -> None:
        clock(CLOSED)
        here, there = (
            feed.history([self.SYMBOL], at)[self.SYMBOL] for at in (CLOSED, CLOSED.astimezone(UTC))
        )
        assert np.array_equal(here.dates, there.dates)
        assert np.array_equal(here.close, there.close)

    def test_f07_nothing_asked_is_nothing_answered(self, feed: Feed, clock: VendorClock) -> None:
        clock(RUNNING)
        assert dict(feed.history([], RUNNING)) == {}
        assert dict(feed.quotes([], RUNNING)) == {}

    @pytest.mark.parametrize("at", [OPENING, RUNNING], ids=["open", "late"])
    def test_f08_a_quote_names_its_symbol_its_source_and_prices(
        self, feed: Feed, clock: VendorClock, at: datetime
    ) -> None:
        clock(at)
        quote = feed.quotes([self.SYMBOL], at)[self.SYMBOL]
        assert (quote.symbol, quote.source) == (self.SYMBOL, feed.name)
        assert quote.mid is not None
        prices = (quote.bid, quote.ask, quote.last, quote.open, quote.high, quote.low)
        assert all(price is None or price > 0 for price in prices)
        assert quote.bid is None or quote.ask is None or quote.bid <= quote.ask

    @pytest.mark.parametrize("at", [OPENING, RUNNING], ids=["open", "late"])
    def test_f09_the_times_of_a_quote_are_aware_and_not_after_the_look(
        self, feed: Feed, clock: VendorClock, at: datetime
    ) -> None:
        clock(at)
        quote = feed.quotes([self.SYMBOL], at)[self.SYMBOL]
        for stamp in (quote.quote_time, quote.trade_time):
            assert stamp is not None
            assert stamp.utcoffset() is not None
            assert stamp <= at

    def test_f10_a_symbol_without_a_quote_is_left_out(self, feed: Feed, clock: VendorClock) -> None:
        clock(RUNNING)
        assert list(feed.quotes([self.UNKNOWN, self.SYMBOL], RUNNING)) == [self.SYMBOL]
