"""Alpaca's bars and corporate actions as a source; what every source does is in test_contract."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import SettingsError
from live.feeds.sources.alpaca import AlpacaSource, open_alpaca, parse_actions
from live.feeds.sources.errors import VendorChanged
from live.feeds.sources.model import BarRequest, Opening
from live.settings.model import Settings
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.schwab.harness import LinkedClock
from tests.support.source_world import history, rows_of

NIGHT = datetime(2024, 3, 12, 22, tzinfo=UTC)
FIRST, LAST = date(2024, 3, 4), date(2024, 3, 12)


def opened(fake: FakeAlpaca) -> AlpacaSource:
    settings = Settings.model_validate({"broker": {"alpaca": {"base_url": fake.url}}})
    return open_alpaca(Opening(settings, Path(), ENVIRON, LinkedClock(fake)))


def test_actions_are_dated_by_their_ex_date() -> None:
    with FakeAlpaca(NIGHT) as fake:
        fake.app.market.splits += [("QQQ", date(2024, 3, 6), 2.0), ("QQQ", date(2024, 3, 11), 0.1)]
        fake.app.market.dividends += [("QQQ", date(2024, 3, 7), 0.25), ("SPY", date(2024, 3, 7), 9.0)]
        fake.app.market.dividends += [("QQQ", date(2020, 3, 7), 1.0)]
        source = opened(fake)
        found = source.actions("QQQ", FIRST, LAST)
        source.close()
    assert {(a.ex_date, a.kind, a.ratio, a.amount) for a in found} == {
        (date(2024, 3, 6), "split", Fraction(2), Decimal(0)),
        (date(2024, 3, 11), "split", Fraction(1, 10), Decimal(0)),
        (date(2024, 3, 7), "dividend", Fraction(1), Decimal("0.25")),
    }


def test_the_basis_asked_for_is_what_alpaca_is_asked() -> None:
    made = history("QQQ", FIRST, LAST)
    with FakeAlpaca(NIGHT) as fake:
        fake.app.market.load("QQQ", rows_of(made))
        source = opened(fake)
        source.page(BarRequest("QQQ", "1d", FIRST, LAST, "split"))
        (asked,) = fake.sent("GET", "/stocks/bars")
        source.close()
    assert asked["query"]["adjustment"] == "split"
    assert asked["query"]["feed"] == "sip"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"corporate_actions": None},
        {"corporate_actions": {"forward_splits": [{"symbol": "QQQ", "new_rate": 2, "old_rate": 1}]}},
        {"corporate_actions": {"forward_splits": [{"symbol": "SPY", "ex_date": "2024-03-06"}]}},
        {
            "corporate_actions": {
                "forward_splits": [{"symbol": "QQQ", "ex_date": "2024-03-06", "new_rate": 1, "old_rate": 0}]
            }
        },
        {
            "corporate_actions": {
                "cash_dividends": [{"symbol": "QQQ", "ex_date": "2024-03-06", "rate": "much"}]
            }
        },
        {"corporate_actions": {"cash_dividends": ["odd"]}},
    ],
    ids=["nothing", "null", "no day", "other", "zero", "rate", "row"],
)
def test_an_action_that_is_not_understood_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(VendorChanged):
        parse_actions("QQQ", answer)


def test_pages_of_actions_that_repeat_end() -> None:
    with FakeAlpaca(NIGHT) as fake:
        source = opened(fake)
        fake.fault(method="GET", path="corporate", action="patch", patch={"next_page_token": "x"}, times=9)
        with pytest.raises(VendorChanged, match="repeat"):
            source.actions("QQQ", FIRST, LAST)
        source.close()


def test_keys_must_be_there() -> None:
    with FakeAlpaca(NIGHT) as fake:
        settings = Settings.model_validate({"broker": {"alpaca": {"base_url": fake.url}}})
        with pytest.raises(SettingsError, match="keys are missing"):
            open_alpaca(Opening(settings, Path(), {}, LinkedClock(fake)))
