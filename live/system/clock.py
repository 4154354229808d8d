"""The only place that reads the clock: everything else is given an instant."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol


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


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"naive datetime {at!r}: pass an aware one")
    return at.astimezone(UTC)
