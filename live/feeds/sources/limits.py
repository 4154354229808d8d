"""How often a source is asked: a bucket of tokens kept in a file, shared by every process of a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from backtest.core.files import read_regular, write_atomic
from live.system.clock import Clock

#: of what a vendor takes a minute, this part is used: its clock and ours differ
_USED: Final = 0.9
#: of that, this part may leave at once; the rest follows evenly
_AT_ONCE: Final = 0.1


class TokenBucket:
    """At most `per_minute` requests in any minute, whoever asks.

    A token may be taken in advance: then the caller waits for it, and those after it wait longer.
    """

    def __init__(self, path: Path, per_minute: int, clock: Clock) -> None:
        self._path = path
        self._size = max(1.0, per_minute * _AT_ONCE)
        self._rate = max(per_minute * _USED - self._size, per_minute * _USED / 2) / 60
        self._clock = clock

    def take(self) -> float:
        """Take a token and wait until it is there; return the seconds waited."""
        wait = self._booked()
        if wait > 0:
            self._clock.sleep(wait)
        return wait

    def _booked(self) -> float:
        from filelock import FileLock

        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock")):
            now = self._clock.now().timestamp()
            tokens = self._tokens(now) - 1
            content = json.dumps({"at": now, "tokens": tokens}).encode()
            write_atomic(self._path, content, durable=False)
        return max(0.0, -tokens / self._rate)

    def _tokens(self, now: float) -> float:
        """Return how many are there; a file that is missing, damaged or from the future is a full bucket."""
        try:
            kept = json.loads(read_regular(self._path))
            since = now - float(kept["at"])
            tokens = float(kept["tokens"])
        except (OSError, ValueError, KeyError, TypeError):
            return self._size
        return self._size if since < 0 else min(self._size, tokens + since * self._rate)
