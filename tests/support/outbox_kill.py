"""A run that sends three alerts and may be killed at any step: `python -m tests.support.outbox_kill`.

The steps are every write of the outbox, before and after it, and every message, before and after it leaves.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import apprise  # noqa: F401 - loaded before the time box begins: the machine of a test may be busy

from live.alerts import delivery, outbox
from live.alerts.causes import key_of
from live.alerts.channels import Level
from live.ledger.alerts import Alerts
from live.ledger.ledger import Ledger
from live.runtime.lifecycle import delivering_after
from live.system.clock import SimulatedClock
from tests.support.alert_context import AlertContext

WRITES = ("add", "address", "delivered", "failed", "mark_sent", "mark_failed", "digested")
TITLES: tuple[tuple[str, Level], ...] = (("first", "warning"), ("second", "critical"), ("third", "warning"))


class Steps:
    """Counts the steps of all threads and ends the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.kill_at = kill_at
        self.taken = 0
        self._count = itertools.count(1)
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            self.taken = next(self._count)
            if self.taken == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, body: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            self.step()
            result = body(*arguments, **named)
            self.step()
            return result

        return stepped


def main() -> None:
    """Run once and print how many steps there were, and the seconds they took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("at", type=datetime.fromisoformat)
    parser.add_argument("--kill-at", type=int, default=0)
    parser.add_argument("--within", type=float, default=delivery.TIMEBOX_SECONDS)
    asked = parser.parse_args()
    steps = Steps(asked.kill_at)
    for name in WRITES:
        setattr(Alerts, name, steps.around(getattr(Alerts, name)))
    delivery._sent = steps.around(delivery._sent)
    flush = outbox.flush
    outbox.flush = lambda context, **_: flush(context, within=asked.within)
    begun = time.monotonic()
    with Ledger.open(asked.folder / "ledger.db", account="paper", now=asked.at) as ledger:
        context = AlertContext(ledger, asked.folder, SimulatedClock(asked.at))
        with delivering_after(context):
            for title, level in TITLES:
                key = key_of("doctor", session=asked.at.date(), detail=title)
                outbox.send(context, key=key, level=level, title=title, body="b")
    print(json.dumps({"steps": steps.taken, "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    main()
