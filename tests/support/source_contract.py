"""What every source of `jutsu data sync` must do, whoever the vendor is.

Subclass `SourceContract` and provide the fixture `world`. What is asked goes through the fetcher that the
sync uses, with the vendor's real client wherever it has one. Waiting takes no time: it is the vendor's clock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from backtest.core.bar_words import Basis
from backtest.core.bars import Bars
from backtest.core.intraday_bars import IntradayBars
from live.feeds.sources.errors import (
    NotEntitled,
    UnknownSymbol,
    VendorChanged,
    VendorDown,
    VendorError,
)
from live.feeds.sources.limits import TokenBucket
from live.feeds.sources.model import BarRequest, Source
from live.feeds.sources.registry import source_kind
from live.feeds.sync.fetch import Fetcher
from live.system.clock import Clock
from tests.support.source_world import history, minute_rows, minutes_of, rows_of, without

#: the clocks changed on Sunday 2024-03-10; the session of the 12th has closed
FIRST, LAST = date(2024, 2, 27), date(2024, 3, 12)
MADE = history("QQQ", FIRST, LAST)
#: minutes on both sides of the change
MINUTES_FIRST = date(2024, 3, 7)
MINUTES = minutes_of("QQQ", MINUTES_FIRST, LAST)
HTTP = "http"


@dataclass
class SourceWorld:
    """A source and its vendor.

    Attributes:
        source: opened.
        clock: what the source waits by.
        serve: gives the vendor the rows of a symbol, in the order given.
        fault: scripts a fault of the vendor (`tests.fakes.faults`), None for one without HTTP.
        mislabel: lets the next answer be about another symbol, None where that cannot be.
        set_page_rows: lets pages be this short, None where there are no pages.
        requests: how many bar requests the vendor has had, None where nobody counts.
        minutes: the vendor's minute bars by symbol, to be filled; None where it has none.
        keyed: rows are named by their day, so that they can neither repeat nor have an order.
    """

    source: Source
    clock: Clock
    serve: Callable[[str, list[dict[str, Any]]], None]
    fault: Callable[..., None] | None = None
    mislabel: Callable[[], None] | None = None
    set_page_rows: Callable[[int], None] | None = None
    requests: Callable[[], int] | None = None
    minutes: dict[str, list[Any]] | None = None
    keyed: bool = False


def same(found: Bars | None, wanted: Bars) -> bool:
    """Tell whether bars have the same rows."""
    return found is not None and found.sha256() == wanted.sha256()


class SourceContract:
    """One test a sentence of `live.feeds.sources.model.Source`."""

    BASIS: ClassVar[Basis] = "split"

    @pytest.fixture
    def fetcher(self, world: SourceWorld, tmp_path: Path) -> Fetcher:
        bucket = TokenBucket(tmp_path / "bucket", 60_000, world.clock)
        return Fetcher(world.source, bucket, tmp_path / "spool")

    def ask(
        self, fetcher: Fetcher, symbol: str = "QQQ", first: date = FIRST, last: date = LAST
    ) -> Bars | None:
        return fetcher.daily([BarRequest(symbol, "1d", first, last, self.BASIS)]).bars

    @pytest.fixture(autouse=True)
    def _served(self, world: SourceWorld) -> None:
        world.serve("QQQ", rows_of(MADE))

    def test_it_is_registered_under_its_name(self, world: SourceWorld) -> None:
        kind = source_kind(world.source.name)
        assert kind.name == world.source.name
        assert self.BASIS in kind.capabilities.bases
        assert "1d" in kind.capabilities.timeframes

    def test_bars_come_whole_with_their_basis_and_source(self, fetcher: Fetcher, world: SourceWorld) -> None:
        found = self.ask(fetcher)
        assert same(found, MADE)
        assert (found.symbol, found.basis, found.source) == ("QQQ", self.BASIS, world.source.name)

    def test_every_basis_it_has_can_be_asked_for(self, fetcher: Fetcher, world: SourceWorld) -> None:
        for basis in source_kind(world.source.name).capabilities.bases:
            found = fetcher.daily([BarRequest("QQQ", "1d", FIRST, LAST, basis)]).bars
            assert same(found, MADE)
            assert found is not None
            assert found.basis == basis

    def test_only_the_days_asked_for_come(self, fetcher: Fetcher) -> None:
        first, last = date(2024, 3, 5), date(2024, 3, 11)
        assert same(self.ask(fetcher, first=first, last=last), MADE.since(first).until(last))

    def test_an_unknown_symbol_has_no_bars(self, fetcher: Fetcher) -> None:
        found: Bars | None = None
        with contextlib.suppress(UnknownSymbol):
            found = self.ask(fetcher, "NOPE")
        assert found is None

    def test_an_empty_day_is_left_out_and_never_made_up(self, fetcher: Fetcher, world: SourceWorld) -> None:
        hole = without(MADE, date(2024, 3, 7))
        world.serve("QQQ", rows_of(hole))
        assert same(self.ask(fetcher), hole)

    @pytest.mark.parametrize("how", ["twice", "swapped"])
    def test_days_that_repeat_or_run_backwards_are_refused(
        self, fetcher: Fetcher, world: SourceWorld, how: str
    ) -> None:
        if world.keyed:
            pytest.skip("its rows have no order")
        rows = rows_of(MADE)
        rows = [*rows[:4], rows[3], *rows[4:]] if how == "twice" else [*rows[:3], rows[4], rows[3], *rows[5:]]
        world.serve("QQQ", rows)
        with pytest.raises(VendorChanged, match=r"2024-03-0|order"):
            self.ask(fetcher)

    def test_an_answer_about_another_symbol_is_refused(self, fetcher: Fetcher, world: SourceWorld) -> None:
        if world.mislabel is None:
            pytest.skip("its answers have no name")
        world.mislabel()
        with pytest.raises(VendorError):
            self.ask(fetcher)

    def test_pages_are_put_together(self, fetcher: Fetcher, world: SourceWorld) -> None:
        if world.set_page_rows is None:
            pytest.skip("it has no pages")
        world.set_page_rows(2)
        assert same(self.ask(fetcher), MADE)

    def test_a_stopped_answer_goes_on_behind_its_pages(self, fetcher: Fetcher, world: SourceWorld) -> None:
        if world.set_page_rows is None or world.requests is None or world.fault is None:
            pytest.skip("it has no pages")
        world.set_page_rows(3)
        world.fault(
            method="GET", path="bars|aggs|query", action="status", status=500, point="before", skip=2, times=9
        )
        with pytest.raises(VendorDown):
            self.ask(fetcher)
        before = world.requests()
        world.fault(clear=True)
        assert same(self.ask(fetcher), MADE)
        assert world.requests() - before == -(-len(MADE) // 3) - 2

    @pytest.mark.parametrize(
        "fault",
        [
            {"action": "status", "status": 429, "headers": {"Retry-After": "7"}, "times": 1},
            {"action": "status", "status": 429, "times": 1},
            {"action": "status", "status": 500, "times": 2},
            {"action": "status", "status": 503, "body": "<html>busy</html>", "content_type": "text/html"},
            {"action": "truncate"},
            {"action": "drop", "times": 2},
            {"action": "reset"},
        ],
        ids=["429-7s", "429", "500", "html", "cut", "drop", "reset"],
    )
    def test_a_fault_that_passes_changes_nothing(
        self, fetcher: Fetcher, world: SourceWorld, fault: dict[str, Any]
    ) -> None:
        if world.fault is None:
            pytest.skip("there is no HTTP")
        world.fault(method="GET", **{"point": "after", **fault})
        began: datetime = world.clock.now()
        assert same(self.ask(fetcher), MADE)
        if "headers" in fault:
            assert (world.clock.now() - began).total_seconds() >= 7

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ({"action": "status", "status": 500}, VendorDown),
            ({"action": "truncate"}, VendorDown),
            ({"action": "status", "status": 429}, VendorError),
            ({"action": "status", "status": 403, "body": '{"message": "your plan"}'}, NotEntitled),
            ({"action": "status", "status": 200, "body": "[]"}, VendorChanged),
            ({"action": "status", "status": 200, "body": '{"odd": 1}'}, VendorChanged),
        ],
        ids=["500", "cut", "429", "403", "list", "odd"],
    )
    def test_a_fault_that_stays_is_told_and_nothing_comes(
        self, fetcher: Fetcher, world: SourceWorld, fault: dict[str, Any], kind: type[VendorError]
    ) -> None:
        if world.fault is None:
            pytest.skip("there is no HTTP")
        world.fault(method="GET", times=None, point="after", **fault)
        with pytest.raises(kind) as caught:
            self.ask(fetcher)
        assert caught.value.exit_code == 6
        assert caught.value.problem

    def ask_minutes(self, fetcher: Fetcher, symbol: str = "QQQ") -> IntradayBars | None:
        return fetcher.minutes([BarRequest(symbol, "1m", MINUTES_FIRST, LAST, self.BASIS)])

    @pytest.fixture
    def minutes(self, world: SourceWorld) -> list[Any]:
        """Return the vendor's minutes of QQQ, those before the open among them."""
        if world.minutes is None:
            pytest.skip("it has no minutes")
        assert "1m" in source_kind(world.source.name).capabilities.timeframes
        rows = minute_rows(MINUTES)
        early = (rows[0][0] - timedelta(minutes=5), *rows[0][1:])
        world.minutes["QQQ"] = [early, *rows]
        return world.minutes["QQQ"]

    def test_minutes_of_sessions_come_across_the_change_of_clocks(
        self, fetcher: Fetcher, minutes: list[Any]
    ) -> None:
        found = self.ask_minutes(fetcher)
        assert found is not None
        assert found.sha256() == MINUTES.sha256()
        assert self.ask_minutes(fetcher, "NOPE") is None

    def test_pages_of_minutes_are_put_together(
        self, fetcher: Fetcher, world: SourceWorld, minutes: list[Any]
    ) -> None:
        if world.set_page_rows is not None:
            world.set_page_rows(700)
        found = self.ask_minutes(fetcher)
        assert found is not None
        assert found.sha256() == MINUTES.sha256()

    def test_minutes_that_repeat_or_are_no_numbers_are_refused(
        self, fetcher: Fetcher, minutes: list[Any]
    ) -> None:
        good = list(minutes)
        for wrong in ((*good[9][:4], None, 1.0), (*good[9][:2], -1.0, *good[9][3:]), good[8]):
            minutes[:] = [*good[:9], wrong, *good[10:]]
            with pytest.raises(VendorChanged):
                self.ask_minutes(fetcher)

    def test_actions_lie_in_the_days_asked_for(self, world: SourceWorld) -> None:
        for action in world.source.actions("QQQ", FIRST, LAST):
            assert FIRST <= action.ex_date <= LAST
            assert (action.symbol, action.source) == ("QQQ", world.source.name)

    def test_the_rows_are_numbers_of_one_length(self, world: SourceWorld) -> None:
        page = world.source.page(BarRequest("QQQ", "1d", FIRST, LAST, self.BASIS))
        assert page.columns.shape == (5, len(page.stamps))
        assert page.columns.dtype == np.float64
