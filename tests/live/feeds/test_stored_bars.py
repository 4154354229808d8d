"""A feed over daily bars tells at each instant what that instant could know, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.store import BarStore
from live.feeds.stored_bars import BarFeed, csv_feed, demo_feed, store_feed, with_synthetic
from live.model.feed import Quote
from tests.support.bar_columns import bars_of_columns


class Source:
    """Two symbols around Thanksgiving 2026; TMF has no bar on the short Friday."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        dates = calendar.session_dates(date(2026, 11, 23), date(2026, 11, 30))
        rows = np.arange(len(dates), dtype=float)
        self.bars = {
            "QQQ": Bars("QQQ", dates, 100 + rows, 110 + rows, 90 + rows, 105 + rows, 1000 + rows, "csv"),
        }
        gone = dates != np.datetime64("2026-11-27")
        columns = [np.full(5, value)[gone] for value in (50.0, 52.0, 49.0, 51.0, 9.0)]
        self.bars["TMF"] = bars_of_columns("TMF", dates[gone], columns, "csv")

    def read(self, symbols: Sequence[str]) -> dict[str, Bars]:
        self.asked.append(tuple(symbols))
        return {s: self.bars[s] for s in symbols if s in self.bars}


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def feed(source: Source) -> BarFeed:
    return BarFeed(source, "csv")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-25T15:59:59", "2026-11-24"),
        ("2026-11-25T16:00:00", "2026-11-25"),
        ("2026-11-26T12:00:00", "2026-11-25"),  # holiday
        ("2026-11-27T12:59:59", "2026-11-25"),
        ("2026-11-27T13:00:00", "2026-11-27"),  # early close
        ("2026-11-28T09:00:00", "2026-11-27"),
        ("2026-11-30T09:29:00", "2026-11-27"),
    ],
)
def test_history_holds_completed_sessions_only(feed: BarFeed, at: str, expected: str) -> None:
    assert calendar.last_closed_session(new_york(at)).day == date.fromisoformat(expected)
    assert feed.history(["QQQ"], new_york(at))["QQQ"].last == date.fromisoformat(expected)


def test_instants_in_another_zone_mean_the_same(feed: BarFeed) -> None:
    at = new_york("2026-11-27T13:00")
    assert calendar.last_closed_session(at.astimezone(UTC)).day == date(2026, 11, 27)
    assert feed.quotes(["QQQ"], at.astimezone(UTC))["QQQ"].last == 108.0


def test_symbols_without_bars_are_left_out(feed: BarFeed) -> None:
    assert list(feed.history(["PSQ", "QQQ"], new_york("2026-11-25T17:00"))) == ["QQQ"]
    assert feed.history(["QQQ"], new_york("2026-11-23T10:00")) == {}
    assert list(feed.quotes(["QQQ", "TMF", "PSQ"], new_york("2026-11-27T12:56"))) == ["QQQ"]


@pytest.mark.parametrize("at", ["2026-11-25T09:30:00", "2026-11-25T09:50:00", "2026-11-25T12:44:59"])
def test_the_opening_part_knows_the_open_and_nothing_else(feed: BarFeed, at: str) -> None:
    quote = feed.quotes(["QQQ"], new_york(at))["QQQ"]
    assert quote == Quote("QQQ", 102.0, 102.0, 102.0, new_york(at), new_york(at), open=102.0, source="csv")
    assert (quote.high, quote.low, quote.volume) == (None, None, None)


@pytest.mark.parametrize("at", ["2026-11-25T12:45:00", "2026-11-25T15:56:00", "2026-11-25T18:00:00"])
def test_the_closing_part_knows_the_whole_bar(feed: BarFeed, at: str) -> None:
    quote = feed.quotes(["QQQ"], new_york(at))["QQQ"]
    assert (quote.bid, quote.ask, quote.last, quote.mid) == (107.0, 107.0, 107.0, 107.0)
    assert (quote.open, quote.high, quote.low, quote.volume) == (102.0, 112.0, 92.0, 1002.0)
    assert quote.quote_time == new_york(at)


def test_a_short_session_turns_at_its_own_middle(feed: BarFeed) -> None:
    assert feed.quotes(["QQQ"], new_york("2026-11-27T11:14"))["QQQ"].last == 103.0
    assert feed.quotes(["QQQ"], new_york("2026-11-27T11:15"))["QQQ"].last == 108.0


@pytest.mark.parametrize("at", ["2026-11-25T09:29:59", "2026-11-26T15:56:00", "2026-11-28T12:00:00"])
def test_no_quotes_before_the_open_and_on_closed_days(feed: BarFeed, at: str) -> None:
    assert feed.quotes(["QQQ"], new_york(at)) == {}


def test_each_symbol_is_read_once(feed: BarFeed, source: Source) -> None:
    for hour in (10, 12, 15):
        feed.history(["QQQ", "PSQ"], new_york(f"2026-11-25T{hour}:00"))
        feed.quotes(["QQQ", "TMF"], new_york(f"2026-11-25T{hour}:00"))
    assert source.asked == [("QQQ", "PSQ"), ("TMF",)]


def test_history_is_a_view(feed: BarFeed, source: Source) -> None:
    assert np.shares_memory(
        feed.history(["QQQ"], new_york("2026-11-25T17:00"))["QQQ"].close, source.bars["QQQ"].close
    )


def test_the_synthetic_bar_equals_the_stored_one(feed: BarFeed, source: Source) -> None:
    at = new_york("2026-11-25T15:56")
    history, quotes = feed.history(["QQQ", "TMF"], at), feed.quotes(["QQQ", "TMF"], at)
    made = with_synthetic(history, quotes, at.date())
    for symbol, bars in made.items():
        assert bars.provisional
        assert bars.sha256() == source.bars[symbol].until(at.date()).sha256()


def test_the_synthetic_bar_replaces_and_never_counts_twice(feed: BarFeed, source: Source) -> None:
    at = new_york("2026-11-25T17:00")
    history = feed.history(["QQQ"], at)
    made = with_synthetic(history, feed.quotes(["QQQ"], at), at.date())
    assert len(made["QQQ"]) == len(history["QQQ"]) == 3


def test_a_symbol_without_a_quote_keeps_its_history(feed: BarFeed) -> None:
    at = new_york("2026-11-27T12:56")
    made = with_synthetic(feed.history(["TMF"], at), feed.quotes(["TMF"], at), at.date())
    assert made["TMF"].last == date(2026, 11, 25)
    assert not made["TMF"].provisional


def test_an_incomplete_quote_makes_no_bar(feed: BarFeed) -> None:
    at = new_york("2026-11-25T10:00")
    with pytest.raises(DataError, match="no high, low, volume") as caught:
        with_synthetic(feed.history(["QQQ"], at), feed.quotes(["QQQ"], at), at.date())
    assert caught.value.exit_code == 5


def test_a_price_outside_the_vendors_range_widens_the_bar(feed: BarFeed) -> None:
    at = new_york("2026-11-25T15:56")
    quote = Quote("QQQ", None, None, 120.0, at, at, open=100.0, high=110.0, low=99.0, volume=1.0)
    bars = with_synthetic(feed.history(["QQQ"], at), {"QQQ": quote}, at.date())["QQQ"]
    assert (bars.high[-1], bars.close[-1], bars.low[-1]) == (120.0, 120.0, 99.0)


LINES = [
    "date,open,high,low,close,volume",
    "2026-11-20,100,102,99,101,1000",
    "2026-11-23,101,103,100,102,1000",
    "2026-11-24,102,104,101,103,1000",
    "2026-11-25,103,105,102,104,1000",
    "2026-11-27,104,106,103,105,1000",
]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({4: "2026-11-25,103,105,102,999,1000"}, "high 105.0 is below"),
        ({4: "2026-11-25,103,105,102,nan,1000"}, "not a number"),
        ({4: "2026-11-25,103,105,102,,1000"}, "close is blank"),
        ({5: "2026-11-25,104,106,103,105,1000"}, "appears twice"),
        ({4: "garbage"}, "not YYYY-MM-DD"),
    ],
)
def test_a_defect_stops_the_run_from_its_session_on_and_never_before(
    tmp_path: Path, changes: dict[int, str], problem: str
) -> None:
    lines = [changes.get(row, line) for row, line in enumerate(LINES)]
    (tmp_path / "QQQ.csv").write_text("\n".join(line for line in lines if line is not None) + "\n")
    feed = csv_feed(tmp_path)
    early = new_york("2026-11-23T15:56")
    assert feed.history(["QQQ"], early)["QQQ"].last == date(2026, 11, 20)
    assert feed.quotes(["QQQ"], early)["QQQ"].last == 102.0
    for ask in (feed.history, feed.quotes):
        with pytest.raises(DataError, match=problem) as caught:
            ask(["QQQ"], new_york("2026-11-27T12:56"))
        assert caught.value.exit_code == 5


def test_a_missing_session_is_left_to_those_who_need_it(tmp_path: Path) -> None:
    (tmp_path / "TMF.csv").write_text("\n".join([*LINES[:4], *LINES[5:]]) + "\n")
    feed = csv_feed(tmp_path)
    assert feed.quotes(["TMF"], new_york("2026-11-25T15:56")) == {}
    assert len(feed.history(["TMF"], new_york("2026-11-27T13:00"))["TMF"]) == 4


def test_an_opening_run_does_not_mind_how_its_day_ends(tmp_path: Path) -> None:
    lines = [*LINES[:4], "2026-11-25,103,105,102,999,1000", *LINES[5:]]
    (tmp_path / "QQQ.csv").write_text("\n".join(lines) + "\n")
    feed = csv_feed(tmp_path)
    assert feed.quotes(["QQQ"], new_york("2026-11-25T09:31"))["QQQ"].last == 103.0
    with pytest.raises(DataError):
        feed.quotes(["QQQ"], new_york("2026-11-25T15:56"))


def test_a_bad_open_is_no_quote(tmp_path: Path) -> None:
    (tmp_path / "QQQ.csv").write_text("\n".join([*LINES[:4], "2026-11-25,nan,105,102,104,1000"]) + "\n")
    with pytest.raises(DataError, match="open of 2026-11-25 is nan"):
        csv_feed(tmp_path).quotes(["QQQ"], new_york("2026-11-25T09:31"))


@pytest.mark.parametrize("content", ["", "date,close\n2026-11-20,1\n", "\n".join(LINES[:1])])
def test_a_wrong_file_stops_every_run(tmp_path: Path, content: str) -> None:
    (tmp_path / "QQQ.csv").write_text(content)
    with pytest.raises(DataError, match=r"QQQ\.csv:1"):
        csv_feed(tmp_path).history(["QQQ"], new_york("2010-01-05T15:56"))


def test_the_three_sources_agree(tmp_path: Path) -> None:
    from backtest.data.importing import import_bars
    from backtest.data.sources.demo import demo_market
    from backtest.data.store import BarStore

    market = demo_market(7, date(2026, 11, 20))
    at = datetime(2026, 11, 18, 20, 56, tzinfo=UTC)
    import_bars(BarStore(tmp_path / "store"), market, imported_at=at)
    for symbol, bars in market.items():
        columns = [getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume")]
        rows = zip(bars.dates.astype(str), *columns, strict=True)
        text = "\n".join(",".join(map(str, row)) for row in rows)
        (tmp_path / f"{symbol}.csv").write_text(f"date,open,high,low,close,volume\n{text}\n")
    feeds = [demo_feed(7), store_feed(tmp_path / "store"), csv_feed(tmp_path)]
    assert [feed.name for feed in feeds] == ["demo", "store", "csv"]
    answers = [
        (
            {s: b.sha256() for s, b in feed.history(["QQQ", "TMV"], at).items()},
            {s: (q.open, q.last, q.volume) for s, q in feed.quotes(["QQQ", "TMV"], at).items()},
        )
        for feed in feeds
    ]
    assert answers[0] == answers[1] == answers[2]
    assert set(answers[0][0]) == {"QQQ", "TMV"}


def test_a_bar_stored_before_its_close_is_no_finished_bar(tmp_path: Path, source: Source) -> None:
    day = date(2026, 11, 25)
    session = calendar.session(day)
    assert session is not None
    whole = replace(source.bars["QQQ"].until(day), provisional=True)
    BarStore(tmp_path).write(whole, imported_at=session.close - timedelta(minutes=10))
    feed = store_feed(tmp_path)
    during, later = session.close - timedelta(minutes=1), session.close + timedelta(hours=1)
    assert feed.quotes(["QQQ"], during)["QQQ"].last == whole.close[-1]
    assert feed.quotes(["QQQ"], later) == {}
    assert feed.history(["QQQ"], later)["QQQ"].last == date(2026, 11, 24)
