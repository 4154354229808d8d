"""What the adapters of real brokers share: numbers, instants, ticks, patience, and the loopback rule."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from backtest.core.errors import BrokerRefused, NotSent, SettingsError
from live.model.broker import OrderRequest
from live.model.ticks import tick

#: seconds between the tries of a read
WAITS = (0.5, 1.0, 2.0, 4.0)
#: seconds after which a read gives up
READ_BUDGET = 30.0
#: the same while the broker asks for fewer requests: its limits hold for a minute
THROTTLED_BUDGET = 75.0
#: seconds to wait after a 429 that does not say how long
THROTTLED_WAIT = 15.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Throttled(NotSent):
    """The broker answered 429: nothing was accepted; wait `retry_after` seconds (None: it did not say)."""

    def __init__(self, problem: str, *, retry_after: float | None = None, **context: Any) -> None:
        super().__init__(problem, **context)
        self.retry_after = retry_after


def require_loopback(url: str, where: str) -> tuple[str, int | None]:
    """Return host and port of a loopback address: only an imitation may stand in for a broker.

    Raises:
        SettingsError: anything else; `where` names the setting.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise SettingsError(
            "only a loopback address may stand in for the broker",
            where=where,
            remedy="use http://127.0.0.1:PORT, or remove it to reach the real broker",
        )
    return parts.hostname, parts.port


def retry_after(response: Any, now: datetime) -> float | None:
    """Return the seconds a 429 asks to wait (number, HTTP date or end of its window), None without a word."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return _window_end(response.headers.get("X-Ratelimit-Reset", "").strip(), now)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text).astimezone(UTC) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def _window_end(text: str, now: datetime) -> float | None:
    """Return the seconds until an epoch second, None when it is none or far from now."""
    if not re.fullmatch(r"\d{9,11}", text):
        return None
    seconds = int(text) - now.timestamp() + 1.0
    return max(0.0, seconds) if seconds <= THROTTLED_BUDGET else None


def tick_text(price: Decimal) -> str:
    """Return a price as brokers want it: 2 decimals from $1, 4 below.

    Raises:
        BrokerRefused: the price is not on the tick; it would be refused, or silently truncated.
    """
    step = tick(price)
    rounded = price.quantize(step)
    if rounded != price or price <= 0:
        raise BrokerRefused(
            f"price {price} is not a multiple of {step}", where="order", remedy="round it first"
        )
    return str(rounded)


def limit_text(request: OrderRequest) -> str:
    """Return the limit of a request as brokers want it.

    Raises:
        BrokerRefused: it has none, is off the tick, or is a sell: those protect at any price.
    """
    if request.side != "buy" or request.limit_price is None:
        raise BrokerRefused("only a buy with a price is limited", where=request.client_order_id)
    return tick_text(request.limit_price)


def decimal(value: Any) -> Decimal | None:
    """Return a number as Decimal in its shortest spelling; None for null, text that is no number, NaN."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def instant(value: Any) -> datetime | None:
    """Return an API time (`…+0000` or `…Z`) as an aware UTC instant, None when it is missing or odd."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
