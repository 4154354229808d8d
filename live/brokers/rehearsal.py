"""Rehearsals: when an imitation on this machine stands in for the broker, its clock stands in for ours.

Real brokers are reached at their own address and never get here. The imitation says what time it plays in a
header of every reply, so that a whole day in `online_live` mode can be tried at any hour.
"""

from __future__ import annotations

import http.client
from datetime import datetime, timedelta

from backtest.core.errors import BrokerError
from live.brokers.common import require_loopback
from live.settings.model import BrokerSettings
from live.system.clock import Clock, SystemClock

HEADER = "X-Rehearsal-Time"


class OffsetClock:
    """The real clock, shifted by a constant."""

    def __init__(self, base: Clock, offset: timedelta) -> None:
        self._base = base
        self.offset = offset

    def now(self) -> datetime:
        """Return the shifted instant."""
        return self._base.now() + self.offset

    def monotonic(self) -> float:
        """Return the monotonic clock, not shifted."""
        return self._base.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep for real."""
        self._base.sleep(seconds)


def stand_in(broker: BrokerSettings) -> str | None:
    """Return the address of the imitation that stands in for the configured broker, None for the real one."""
    return {"schwab": broker.schwab.base_url, "alpaca": broker.alpaca.base_url}.get(broker.name)


def rehearsal_clock(url: str, base: Clock | None = None) -> Clock:
    """Return a clock that shows the time the imitation at `url` plays.

    Raises:
        SettingsError: the address is not a loopback address. BrokerError: nothing answers there.
    """
    base = base or SystemClock()
    host, port = require_loopback(url, "base_url")
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/")
        shown = connection.getresponse().getheader(HEADER)
    except (OSError, http.client.HTTPException) as error:
        raise BrokerError("the imitation does not answer", where=url, remedy="start it") from error
    finally:
        connection.close()
    return base if shown is None else OffsetClock(base, datetime.fromisoformat(shown) - base.now())
