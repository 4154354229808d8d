"""Alpha Vantage as a source; what every source does is in test_contract."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import SettingsError
from live.feeds.sources.alphavantage import AlphaVantageSource, open_alphavantage
from live.feeds.sources.errors import NotEntitled, RateLimited, VendorChanged
from live.feeds.sources.model import BarRequest, Opening
from live.settings.model import Settings
from tests.fakes.alphavantage import ENVIRON, KEY, FakeAlphaVantage
from tests.fakes.schwab.harness import LinkedClock
from tests.support.source_world import history, rows_of

FIRST, LAST = date(2023, 3, 6), date(2024, 3, 12)
MADE = history("QQQ", FIRST, LAST)


@pytest.fixture
def fake() -> Iterator[FakeAlphaVantage]:
    with FakeAlphaVantage(datetime(2024, 3, 12, 22, tzinfo=UTC)) as found:
        found.app.market.load("QQQ", rows_of(MADE))
        yield found


def opened(fake: FakeAlphaVantage, environ: dict[str, str] = ENVIRON) -> AlphaVantageSource:
    return open_alphavantage(Opening(Settings(), Path(), environ, LinkedClock(fake), base_url=fake.url))


def request(first: date) -> BarRequest:
    return BarRequest("QQQ", "1d", first, LAST, "raw")


def test_recent_sessions_come_with_every_plan(fake: FakeAlphaVantage) -> None:
    fake.app.premium = False
    first = date(2023, 11, 3)  # 130 days before
    page = opened(fake).page(request(first))
    assert page.stamps[0].item() <= first
    assert [entry["query"]["outputsize"] for entry in fake.sent("TIME_SERIES_DAILY")] == ["compact"]
    with pytest.raises(NotEntitled, match="premium feature"):
        opened(fake).page(request(FIRST))


def test_the_limit_of_a_day_is_told_without_the_key(
    fake: FakeAlphaVantage, caplog: pytest.LogCaptureFixture
) -> None:
    fake.app.left = 0
    with caplog.at_level(logging.DEBUG), pytest.raises(RateLimited, match="25 requests per day") as caught:
        opened(fake).page(request(FIRST))
    assert KEY not in str(caught.value) + caplog.text
    fake.app.left = 9
    fake.fault(method="GET", action="status", status=500, times=None)
    with caplog.at_level(logging.DEBUG), pytest.raises(Exception, match="TIME_SERIES_DAILY of QQQ") as down:
        opened(fake).page(request(FIRST))
    assert KEY not in str(down.value) + caplog.text


def test_actions_are_dated_by_their_ex_date(fake: FakeAlphaVantage) -> None:
    market = fake.app.market
    market.splits += [("QQQ", date(2024, 3, 6), 1.3333), ("QQQ", date(2024, 3, 11), 0.1)]
    market.dividends += [("QQQ", date(2024, 3, 7), 0.25), ("QQQ", date(2001, 3, 7), 9.0)]
    found = opened(fake).actions("QQQ", FIRST, LAST)
    assert {(a.ex_date, a.kind, a.ratio, a.amount) for a in found} == {
        (date(2024, 3, 6), "split", Fraction(4, 3), Decimal(0)),
        (date(2024, 3, 11), "split", Fraction(1, 10), Decimal(0)),
        (date(2024, 3, 7), "dividend", Fraction(1), Decimal("0.25")),
    }


@pytest.mark.parametrize(
    "patch",
    [
        {"symbol": "SPY"},
        {"data": "__remove__"},
        {"data": {"effective_date": "soon"}},
        {"data": {"split_factor": "0"}},
        {"data": {"split_factor": "many"}},
    ],
    ids=["other", "nothing", "no day", "zero", "words"],
)
def test_an_action_that_is_not_understood_is_refused(fake: FakeAlphaVantage, patch: dict[str, Any]) -> None:
    fake.app.market.splits.append(("QQQ", date(2024, 3, 6), 2.0))
    fake.fault(method="GET", action="patch", patch=patch)
    with pytest.raises(VendorChanged):
        opened(fake).actions("QQQ", FIRST, LAST)


def test_a_dividend_without_an_amount_is_not_paid_yet(fake: FakeAlphaVantage) -> None:
    fake.app.market.dividends.append(("QQQ", date(2024, 3, 7), 0.25))
    fake.fault(method="GET", action="patch", patch={"data": {"amount": "None"}}, skip=1)
    assert opened(fake).actions("QQQ", FIRST, LAST) == ()


def test_a_key_must_be_there(fake: FakeAlphaVantage) -> None:
    with pytest.raises(SettingsError, match="ALPHAVANTAGE_API_KEY"):
        opened(fake, {})
