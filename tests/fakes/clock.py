"""The virtual clock of an imitation server."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Starts anywhere in time, runs with the real second hand or stands still, moves on command."""

    def __init__(self, at: datetime | None = None, *, frozen: bool = False) -> None:
        self._lock = threading.Lock()
        self._base = (at or datetime.now(UTC)).astimezone(UTC)
        self._started = time.monotonic()
        self.frozen = frozen
        self.skew = timedelta(0)
        self.moments = False  # on a clock that stands still: things take their time all the same

    def now(self) -> datetime:
        """The true virtual instant (what the exchange's clock shows)."""
        with self._lock:
            if self.frozen:
                return self._base
            return self._base + timedelta(seconds=time.monotonic() - self._started)

    def takes(self, seconds: float) -> timedelta:
        """How long something of `seconds` takes: no time on a clock that stands still, unless told."""
        return timedelta(seconds=seconds) if self.moments or not self.frozen else timedelta(0)

    def shown(self) -> datetime:
        """What the server believes and prints: the virtual instant plus its skew."""
        return self.now() + self.skew

    def set(self, at: datetime) -> None:
        """Jump to `at`."""
        with self._lock:
            self._base = at.astimezone(UTC)
            self._started = time.monotonic()

    def advance(self, seconds: float) -> None:
        """Jump forward."""
        self.set(self.now() + timedelta(seconds=seconds))

    def freeze(self, frozen: bool) -> None:
        """Stop or start the second hand."""
        now = self.now()
        self.frozen = frozen
        self.set(now)
