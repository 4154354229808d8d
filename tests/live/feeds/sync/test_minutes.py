"""Minute bars from sources: sessions that are missing come, what is doubtful does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from backtest.core.intraday_bars import COLUMNS, IntradayBars
from backtest.data.importing import import_bars
from backtest.data.minute_store import MinuteStore
from backtest.data.store import BarStore
from live.feeds.sources.errors import VendorDown
from live.feeds.sources.model import BarRequest, FeedClass, Page
from live.feeds.sync.chosen import ChosenSource
from live.feeds.sync.engine import Wanted
from live.feeds.sync.minutes import MinuteSync, beyond_daily, session_days
from live.feeds.sync.report import SyncReport
from live.system.clock import SimulatedClock
from tests.support.source_world import ListSource, chosen, evening, history, minutes_of

#: the clocks changed on Sunday 2024-03-10; 2024-11-29 is a half day
FIRST, LAST = date(2024, 3, 5), date(2024, 3, 13)
MADE = minutes_of("QQQ", FIRST, LAST)


class MinuteSource(ListSource):
    """A source over minutes in memory, two days a page."""

    made: IntradayBars = MADE

    def page(self, request: BarRequest) -> Page:
        self.asked.append(request)
        self.before_page(request)
        if self.failing is not None:
            raise self.failing
        first = request.first if request.cursor is None else date.fromisoformat(request.cursor)
        last = min(request.last, first + timedelta(days=1))
        days = self.made.minutes.astype("datetime64[D]")
        rows = (days >= np.datetime64(first)) & (days <= np.datetime64(last))
        names = ("open", "high", "low", "close", "volume")
        columns = np.vstack([getattr(self.made, name)[rows] for name in names])
        more = last < request.last
        cursor = (last + timedelta(days=1)).isoformat() if more else None
        return Page(self.made.minutes[rows], columns, cursor)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(evening(LAST))


def source(made: IntradayBars = MADE, **more: object) -> MinuteSource:
    found = MinuteSource("made", {}, **more)  # type: ignore[arg-type]
    found.made = made
    return found


def run(
    store: Path, *sources: ChosenSource, first: date | None = FIRST, last: date | None = None
) -> SyncReport:
    work = MinuteSync(store, sources, clock=sources[0].opening.clock)
    return work.run(Wanted(("QQQ",), first, last))


def part(first: date, last: date, made: IntradayBars = MADE) -> IntradayBars:
    days = made.minutes.astype("datetime64[D]")
    return rows(made, (days >= np.datetime64(first)) & (days <= np.datetime64(last)))


def rows(made: IntradayBars, taken: NDArray[np.bool_]) -> IntradayBars:
    columns = {name: getattr(made, name)[taken] for name in COLUMNS}
    return IntradayBars(made.symbol, made.minutes[taken], **columns, source=made.source)


def same(store: Path, wanted: IntradayBars) -> bool:
    return MinuteStore(store).read("QQQ").sha256() == wanted.sha256()


def content(store: Path) -> dict[str, bytes]:
    return {p.relative_to(store).as_posix(): p.read_bytes() for p in store.rglob("*") if p.is_file()}


def test_they_come_whole_and_a_second_run_does_nothing(tmp_path: Path, clock: SimulatedClock) -> None:
    asked = source()
    done = run(tmp_path, chosen(asked, clock, timeframe="1m"))
    (line,) = done.symbols
    assert (line.outcome, line.added, line.missing, done.exit_code) == ("stored", len(MADE.minutes), (), 0)
    assert (line.first, line.last) == (FIRST, LAST)
    assert same(tmp_path, MADE)
    assert MinuteStore(tmp_path).basis("QQQ") == "split"
    before, times = content(tmp_path), len(asked.asked)
    again = run(tmp_path, chosen(asked, clock, timeframe="1m"))
    assert (again.symbols[0].outcome, len(asked.asked)) == ("complete", times)
    assert content(tmp_path) == before


def test_new_sessions_come_with_one_that_is_stored(tmp_path: Path, clock: SimulatedClock) -> None:
    MinuteStore(tmp_path).add(part(FIRST, date(2024, 3, 8)), imported_at=evening(LAST), basis="split")
    asked = source()
    done = run(tmp_path, chosen(asked, clock, timeframe="1m"), first=None)
    assert done.exit_code == 0
    assert asked.asked[0].first == date(2024, 3, 8)
    assert same(tmp_path, MADE)


def test_what_trades_outside_of_the_session_is_left_out(tmp_path: Path, clock: SimulatedClock) -> None:
    early = MADE.minutes[0] - np.timedelta64(30, "m")
    longer = IntradayBars(
        "QQQ",
        np.r_[early, MADE.minutes],
        *(np.r_[getattr(MADE, n)[:1], getattr(MADE, n)] for n in ("open", "high", "low", "close", "volume")),
    )
    run(tmp_path, chosen(source(longer), clock, timeframe="1m"))
    assert same(tmp_path, MADE)


def test_a_changed_price_is_refused_and_nothing_is_written(tmp_path: Path, clock: SimulatedClock) -> None:
    MinuteStore(tmp_path).add(part(FIRST, date(2024, 3, 8)), imported_at=evening(LAST), basis="split")
    before = MinuteStore(tmp_path).read("QQQ").sha256()
    halved = replace(MADE, **{n: getattr(MADE, n) / 2 for n in ("open", "high", "low", "close")})
    done = run(tmp_path, chosen(source(halved), clock, timeframe="1m"))
    assert (done.symbols[0].outcome, done.exit_code) == ("refused", 5)
    assert MinuteStore(tmp_path).read("QQQ").sha256() == before


def test_minutes_outside_of_the_stored_day_are_refused(tmp_path: Path, clock: SimulatedClock) -> None:
    daily = history("QQQ", FIRST, LAST)
    import_bars(BarStore(tmp_path), {"QQQ": daily}, imported_at=evening(LAST))
    good = minutes_of("QQQ", FIRST, LAST, daily)
    assert beyond_daily(good, daily) is None
    high = good.high.copy()
    high[400] *= 1.2
    done = run(tmp_path, chosen(source(replace(good, high=high)), clock, timeframe="1m"))
    assert (done.symbols[0].outcome, done.exit_code) == ("refused", 5)
    assert "2024-03-06: minutes reach from" in done.symbols[0].problem
    assert MinuteStore(tmp_path).symbols() == ()
    assert run(tmp_path, chosen(source(good), clock, timeframe="1m")).exit_code == 0


def test_a_session_without_minutes_is_named_and_keeps_no_other_back(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    days = MADE.minutes.astype("datetime64[D]")
    holed = rows(MADE, days != np.datetime64("2024-03-11"))
    done = run(tmp_path, chosen(source(holed), clock, timeframe="1m"))
    assert done.exit_code == 5
    assert [str(days) for days in done.symbols[0].missing] == ["2024-03-11"]
    assert same(tmp_path, holed)
    assert run(tmp_path, chosen(source(), clock, timeframe="1m")).exit_code == 0
    assert same(tmp_path, MADE)


def test_a_stopped_one_goes_on(tmp_path: Path, clock: SimulatedClock) -> None:
    asked = source()

    def stop(request: BarRequest) -> None:
        if request.cursor == "2024-03-09":
            raise KeyboardInterrupt

    asked.before_page = stop
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, chosen(asked, clock, timeframe="1m"))
    assert MinuteStore(tmp_path).symbols() == ()
    asked.before_page = lambda _: None
    asked.asked.clear()
    assert run(tmp_path, chosen(asked, clock, timeframe="1m")).exit_code == 0
    assert asked.asked[0].cursor == "2024-03-09"
    assert same(tmp_path, MADE)


@pytest.mark.parametrize(("feed", "helps"), [("consolidated", True), ("one exchange", False)])
def test_another_source_of_the_same_feed_stands_in(
    tmp_path: Path, clock: SimulatedClock, feed: FeedClass, helps: bool
) -> None:
    down = ListSource("down", {}, failing=VendorDown("503"))
    second = chosen(source(), clock, timeframe="1m", feed=feed)
    done = run(tmp_path, chosen(down, clock, timeframe="1m"), second)
    assert done.exit_code == (0 if helps else 6)
    assert done.symbols[0].source == ("made" if helps else "down")
    log = [json.loads(line)["source"] for line in (tmp_path / "syncs.jsonl").read_text().splitlines()]
    assert log == ["down", "made"] if helps else ["down"]


def test_a_basis_is_continued_and_never_mixed(tmp_path: Path, clock: SimulatedClock) -> None:
    MinuteStore(tmp_path).add(part(FIRST, date(2024, 3, 8)), imported_at=evening(LAST), basis="raw")
    done = run(tmp_path, chosen(source(), clock, timeframe="1m"))
    assert "basis raw" in done.symbols[0].problem
    raw = chosen(source(), clock, timeframe="1m", bases=("split", "raw"))
    assert run(tmp_path, raw).exit_code == 0
    assert MinuteStore(tmp_path).basis("QQQ") == "raw"


def test_a_plan_asks_nobody(tmp_path: Path, clock: SimulatedClock) -> None:
    asked = source()
    work = MinuteSync(tmp_path / "none", [chosen(asked, clock, timeframe="1m")], clock=clock)
    (line,) = work.plan(Wanted(("QQQ",))).symbols
    assert (line.outcome, line.asked[0].first) == ("planned", date(2024, 2, 12))  # thirty days
    assert not asked.asked
    assert not (tmp_path / "none").exists()


def test_sessions_are_told_by_their_hours() -> None:
    assert session_days(None).tolist() == []
    assert session_days(MADE).tolist() == [date(2024, 3, n) for n in (5, 6, 7, 8, 11, 12, 13)]
    late = datetime(2024, 3, 12, 21, tzinfo=UTC).replace(tzinfo=None)
    one = np.ones(1)
    assert session_days(IntradayBars("X", np.array([late], "M8[m]"), one, one, one, one, one)).tolist() == []


def test_a_half_day_ends_at_one(tmp_path: Path) -> None:
    made = minutes_of("QQQ", date(2024, 11, 27), date(2024, 11, 29))
    clock = SimulatedClock(datetime(2024, 11, 29, 18, 30, tzinfo=UTC))
    done = run(tmp_path, chosen(source(made), clock, timeframe="1m"), first=date(2024, 11, 27))
    assert (done.exit_code, done.symbols[0].added) == (0, 390 + 210)
