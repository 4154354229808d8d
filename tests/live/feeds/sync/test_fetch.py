"""Pages put together: within limits, in order, resumed where they stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from live.feeds.sources.errors import UnknownSymbol, VendorChanged, VendorDown
from live.feeds.sources.limits import TokenBucket
from live.feeds.sources.model import BarRequest, Page
from live.feeds.sync.fetch import Fetcher
from live.system.clock import SimulatedClock
from tests.support.source_world import ListSource, history

FIRST, LAST = date(2024, 3, 1), date(2024, 3, 12)
MADE = history("QQQ", date(2024, 2, 1), LAST)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2024, 3, 12, 22, tzinfo=UTC))


def fetcher(source: ListSource, folder: Path, clock: SimulatedClock, per_minute: int = 60_000) -> Fetcher:
    return Fetcher(source, TokenBucket(folder / "bucket", per_minute, clock), folder)


def requests(*days: tuple[date, date]) -> list[BarRequest]:
    return [BarRequest("QQQ", "1d", first, last, "split") for first, last in days or ((FIRST, LAST),)]


def test_every_page_costs_a_token(tmp_path: Path, clock: SimulatedClock) -> None:
    source = ListSource("made", {"QQQ": MADE}, page_rows=1)
    began = clock.now()
    found = fetcher(source, tmp_path, clock, per_minute=10).daily(requests())
    assert found.bars is not None
    assert len(found.bars) == len(source.asked) == 8
    assert (clock.now() - began).total_seconds() == pytest.approx(7 * 60 / 8)


def test_several_stretches_are_one_history(tmp_path: Path, clock: SimulatedClock) -> None:
    source = ListSource("made", {"QQQ": MADE})
    days = (date(2024, 2, 1), date(2024, 2, 9)), (FIRST, LAST)
    found = fetcher(source, tmp_path, clock).daily(requests(*days)).bars
    assert found is not None
    assert (found.first, found.last, len(found)) == (date(2024, 2, 1), LAST, 15)


def test_a_stopped_one_goes_on_at_its_cursor(tmp_path: Path, clock: SimulatedClock) -> None:
    source = ListSource("made", {"QQQ": MADE}, page_rows=3)

    def stop(request: BarRequest) -> None:
        if request.cursor == "6":
            raise KeyboardInterrupt

    source.before_page = stop
    with pytest.raises(KeyboardInterrupt):
        fetcher(source, tmp_path, clock).daily(requests())
    source.before_page = lambda _: None
    source.asked.clear()
    work = fetcher(source, tmp_path, clock)
    found = work.daily(requests()).bars
    assert found is not None
    assert found.sha256() == MADE.since(FIRST).sha256()
    assert [request.cursor for request in source.asked] == ["6"]
    work.forget(requests())
    source.asked.clear()
    work.daily(requests())
    assert len(source.asked) == 3


def test_a_cursor_that_is_no_longer_good_means_from_the_start(tmp_path: Path, clock: SimulatedClock) -> None:
    source = ListSource("made", {"QQQ": MADE}, page_rows=3)
    failing = VendorDown("gone")

    def fail(request: BarRequest) -> None:
        if request.cursor == "3":
            raise failing

    source.before_page = fail
    with pytest.raises(VendorDown):
        fetcher(source, tmp_path, clock).daily(requests())

    def expired(request: BarRequest) -> None:
        if request.cursor == "3" and len(source.asked) == 1:
            raise UnknownSymbol("page token expired")

    source.before_page = expired
    source.asked.clear()
    found = fetcher(source, tmp_path, clock).daily(requests()).bars
    assert found is not None
    assert len(found) == 8
    assert [request.cursor for request in source.asked] == ["3", None, "3", "6"]


def test_pages_that_repeat_end(tmp_path: Path, clock: SimulatedClock) -> None:
    class Loop(ListSource):
        def page(self, request: BarRequest) -> Page:
            page = super().page(replace(request, cursor=None))
            return Page(page.stamps, page.columns, "again")

    with pytest.raises(VendorChanged, match="repeat"):
        fetcher(Loop("made", {"QQQ": MADE}), tmp_path, clock).daily(requests())


def test_what_was_not_asked_is_left_out(tmp_path: Path, clock: SimulatedClock) -> None:
    class Generous(ListSource):
        def page(self, request: BarRequest) -> Page:
            return super().page(BarRequest("QQQ", "1d", MADE.first, MADE.last, "split"))

    days = date(2024, 3, 4), date(2024, 3, 6)
    found = fetcher(Generous("made", {"QQQ": MADE}), tmp_path, clock).daily(requests(days)).bars
    assert found is not None
    assert [str(day) for day in found.dates] == ["2024-03-04", "2024-03-05", "2024-03-06"]


def test_nothing_is_nothing(tmp_path: Path, clock: SimulatedClock) -> None:
    assert fetcher(ListSource("made", {}), tmp_path, clock).daily(requests()).bars is None
