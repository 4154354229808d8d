"""The only place that reads the clock: everything else is given an instant."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backtest.core.errors import UsageError

#: a zone written out: EST5EDT,M3.2.0,M11.1.0 or <+0530>-5:30
_POSIX_ZONE: Final = re.compile(r"(<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})[+-]?\d")


class Clock(Protocol):
    """Source of time for the stages."""

    def now(self) -> datetime:
        """Return the current instant, timezone-aware (UTC)."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards, for deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the monotonic clock of the machine."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep for real."""
        time.sleep(seconds)


class WakingClock(SystemClock):
    """The real clock, whose sleep ends within half a second when `stopped` says so (a signal arrived)."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped

    def sleep(self, seconds: float) -> None:
        """Sleep until the time is over or `stopped`."""
        end = time.monotonic() + seconds
        while not self._stopped() and (left := end - time.monotonic()) > 0:
            time.sleep(min(0.5, left))


class SimulatedClock:
    """A clock that stands still until it is set; sleeping moves it forward at once."""

    def __init__(self, at: datetime) -> None:
        self._at = _aware(at)

    def now(self) -> datetime:
        """Return the simulated instant in UTC."""
        return self._at

    def monotonic(self) -> float:
        """Return the simulated instant in seconds."""
        return self._at.timestamp()

    def sleep(self, seconds: float) -> None:
        """Move the simulated instant forward."""
        self._at += timedelta(seconds=seconds)

    def set(self, at: datetime) -> None:
        """Move to `at` (replay moves from session to session)."""
        self._at = _aware(at)


class HostZone(tzinfo):
    """The time zone of this machine with its clock changes, as the system's library knows them."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Return the offset of a local time (its fold decides in the hour that comes twice)."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Return zero: nobody asks for it."""
        return None if dt is None else timedelta(0)

    def tzname(self, dt: datetime | None) -> str | None:
        """Return the abbreviation of a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        """Return the local time of an instant."""
        local = datetime.fromtimestamp(dt.replace(tzinfo=UTC).timestamp(), UTC).astimezone()
        return local.replace(tzinfo=self)


def host_zone(environ: Mapping[str, str]) -> HostZone:
    """Return the time zone of this machine.

    Raises:
        UsageError: 2, TZ names a zone that does not exist: the system would take UTC for it without a word.
    """
    name = environ.get("TZ", "").removeprefix(":")
    if name and not _POSIX_ZONE.match(name) and not Path(name).is_absolute():
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise UsageError(
                f"{name!r} is no time zone", where="TZ", remedy="name one, like America/New_York"
            ) from error
    return HostZone()


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"naive datetime {at!r}: pass an aware one")
    return at.astimezone(UTC)
