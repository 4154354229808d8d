"""Massive as a source; what every source does is in test_contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import SettingsError
from live.feeds.sources.errors import VendorChanged
from live.feeds.sources.massive import MassiveSource, open_massive
from live.feeds.sources.model import BarRequest, Opening
from live.settings.model import Settings
from tests.fakes.massive import ENVIRON, FakeMassive
from tests.fakes.schwab.harness import LinkedClock
from tests.support.source_world import history, rows_of

FIRST, LAST = date(2024, 3, 4), date(2024, 3, 12)
MADE = history("QQQ", FIRST, LAST)


@pytest.fixture
def fake() -> Iterator[FakeMassive]:
    with FakeMassive(datetime(2024, 3, 12, 22, tzinfo=UTC)) as found:
        found.app.market.load("QQQ", rows_of(MADE))
        yield found


def opened(fake: FakeMassive, environ: dict[str, str] = ENVIRON) -> MassiveSource:
    clock = LinkedClock(fake)
    return open_massive(Opening(Settings(), Path(), environ, clock, base_url=fake.url))


def test_prices_are_asked_for_as_they_traded(fake: FakeMassive) -> None:
    fake.app.market.splits.append(("QQQ", date(2024, 3, 8), 2.0))
    page = opened(fake).page(BarRequest("QQQ", "1d", FIRST, LAST, "raw"))
    assert page.columns[3, :4].tolist() == (MADE.close[:4] * 2).tolist()
    assert page.columns[3, 4:].tolist() == MADE.close[4:].tolist()
    (asked,) = fake.sent("/v2/aggs")
    assert asked["query"]["adjusted"] == "false"


def test_actions_are_dated_by_their_ex_date(fake: FakeMassive) -> None:
    fake.app.market.splits += [("QQQ", date(2024, 3, 6), 2.0), ("QQQ", date(2024, 3, 11), 0.1)]
    fake.app.market.dividends += [("QQQ", date(2024, 3, 7), 0.25), ("SPY", date(2024, 3, 7), 9.0)]
    found = opened(fake).actions("QQQ", FIRST, LAST)
    assert {(a.ex_date, a.kind, a.ratio, a.amount) for a in found} == {
        (date(2024, 3, 6), "split", Fraction(2), Decimal(0)),
        (date(2024, 3, 11), "split", Fraction(1, 10), Decimal(0)),
        (date(2024, 3, 7), "dividend", Fraction(1), Decimal("0.25")),
    }


@pytest.mark.parametrize(
    "patch",
    [
        {"results": "__remove__"},
        {"results": {"ticker": "SPY"}},
        {"results": {"execution_date": None}},
        {"results": {"split_from": 0}},
        {"results": {"split_to": 1, "split_from": 1}},
        {"next_url": "https://elsewhere.example/steal?cursor=1"},
    ],
    ids=["nothing", "other", "no day", "zero", "one", "elsewhere"],
)
def test_an_action_that_is_not_understood_is_refused(fake: FakeMassive, patch: dict[str, Any]) -> None:
    fake.app.market.splits.append(("QQQ", date(2024, 3, 6), 2.0))
    fake.fault(method="GET", path="splits", action="patch", patch=patch)
    with pytest.raises(VendorChanged):
        opened(fake).actions("QQQ", FIRST, LAST)


def test_pages_of_actions_that_repeat_end(fake: FakeMassive) -> None:
    again = "https://api.massive.com/stocks/v1/splits?ticker=QQQ&execution_date.gte=2024-03-04&execution_date.lte=2024-03-12"
    fake.fault(method="GET", path="splits", action="patch", patch={"next_url": again}, times=9)
    with pytest.raises(VendorChanged, match="repeat"):
        opened(fake).actions("QQQ", FIRST, LAST)


def test_the_next_page_is_asked_of_the_same_address(fake: FakeMassive) -> None:
    fake.app.page_rows = 4
    source = opened(fake)
    first = source.page(BarRequest("QQQ", "1d", FIRST, LAST, "raw"))
    assert first.cursor is not None
    assert first.cursor.startswith("/v2/aggs/ticker/QQQ/")
    fake.fault(method="GET", action="patch", patch={"next_url": "https://elsewhere.example/?cursor=4"})
    with pytest.raises(VendorChanged, match="somewhere else"):
        source.page(BarRequest("QQQ", "1d", FIRST, LAST, "raw"))


def test_a_key_must_be_there(fake: FakeMassive) -> None:
    with pytest.raises(SettingsError, match="MASSIVE_API_KEY"):
        opened(fake, {})
