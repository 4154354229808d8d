"""What adapters share: prices on their tick, numbers and instants of a vendor, the loopback rule."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import BrokerRefused, SettingsError
from live.brokers.common import decimal, instant, require_loopback, retry_after, tick_text
from live.model.ticks import tick

NOW = datetime(2025, 3, 5, 14, 30, tzinfo=UTC)


@given(st.integers(min_value=1, max_value=10**7))
def test_a_price_on_its_tick_is_spelled_in_full_and_any_other_refused(ticks: int) -> None:
    price = Decimal(ticks) / 10_000
    if price % tick(price):
        with pytest.raises(BrokerRefused, match="not a multiple"):
            tick_text(price)
    else:
        text = tick_text(price)
        assert Decimal(text) == price
        assert len(text.partition(".")[2]) == (2 if price >= 1 else 4)


@pytest.mark.parametrize("price", ["0", "-1", "-0.0001"])
def test_only_a_positive_price_is_spelled(price: str) -> None:
    with pytest.raises(BrokerRefused):
        tick_text(Decimal(price))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12.30", Decimal("12.30")),
        (0.1, Decimal("0.1")),
        (None, None),
        (True, None),
        ("NaN", None),
        ("Infinity", None),
        ("n/a", None),
    ],
)
def test_a_number_of_a_vendor_is_exact_or_unknown(value: object, number: Decimal | None) -> None:
    assert decimal(value) == number


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2025-03-05T14:30:00+0000", NOW),
        ("2025-03-05T14:30:00Z", NOW),
        ("2025-03-05T09:30:00-05:00", NOW),
        ("2025-03-05T14:30:00", NOW),
        ("today", None),
        (1741185000, None),
        (None, None),
    ],
)
def test_an_instant_of_a_vendor_is_utc_or_unknown(value: object, at: datetime | None) -> None:
    assert instant(value) == at


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After": "Wed, 05 Mar 2025 14:30:07 GMT"}, 7.0),
        ({"Retry-After": "Wed, 05 Mar 2025 14:29:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
    ],
)
def test_how_long_a_busy_broker_wants_to_be_left_alone(header: dict[str, str], seconds: float | None) -> None:
    assert retry_after(SimpleNamespace(headers=header), NOW) == seconds


def test_only_this_machine_may_stand_in_for_a_broker() -> None:
    assert require_loopback("http://127.0.0.1:8080", "broker.schwab.base_url") == ("127.0.0.1", 8080)
    assert require_loopback("http://[::1]:1", "x") == ("::1", 1)
    for url in ("http://127.0.0.1.example:1", "https://127.0.0.1:1", "http://10.0.0.1:1", "127.0.0.1:1", ""):
        with pytest.raises(SettingsError, match="only a loopback address") as refused:
            require_loopback(url, "broker.schwab.base_url")
        assert refused.value.where == "broker.schwab.base_url"
