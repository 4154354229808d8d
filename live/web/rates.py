"""How many requests a minute: a token bucket for each visitor and kind."""

from __future__ import annotations

import threading
from typing import Final, Literal

Kind = Literal["read", "unsafe"]
#: buckets kept; the oldest is forgotten first
_MOST: Final = 1000


class Rates:
    """Token buckets that fill evenly over a minute.

    Args:
        unsafe: requests that change something, a minute.
        read: other requests, a minute.
    """

    def __init__(self, unsafe: int, read: int) -> None:
        self._limits: dict[Kind, int] = {"unsafe": unsafe, "read": read}
        self._left: dict[tuple[str, Kind], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def give_back(self, who: str, kind: Kind) -> None:
        """Count a request as not made: it cost no work."""
        with self._lock:
            left, at = self._left.get((who, kind), (0.0, 0.0))
            if at:
                self._left[who, kind] = (left + 1, at)

    def wait(self, who: str, kind: Kind, now: float) -> float:
        """Take one request; return 0, or the seconds until there is one again (then nothing was taken)."""
        limit = self._limits[kind]
        with self._lock:
            left, at = self._left.pop((who, kind), (float(limit), now))
            left = min(float(limit), left + max(0.0, now - at) * limit / 60)
            granted = left >= 1
            self._left[who, kind] = (left - granted, now)
            while len(self._left) > _MOST:
                self._left.pop(next(iter(self._left)))
        return 0.0 if granted else (1 - left) * 60 / limit
