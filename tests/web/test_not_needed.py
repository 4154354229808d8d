"""The page is never needed: read all the time and killed at any moment, it changes nothing that is traded."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import httpx
import pytest

from live.web.serve import bound
from tests.support.paths import PROJECT
from tests.support.user_world import FIRST, SECOND, SWITCH, THIRD, User, new_user

pytestmark = pytest.mark.long
DAYS = (FIRST, SECOND, THIRD, SWITCH)
READS = ("status", "signals", "portfolio", "orders", "trades", "performance", "runs", "audit/verify")


class Watched:
    """A dashboard in a process of its own that is killed and started again, with somebody who reads it."""

    def __init__(self, user: User, seed: int) -> None:
        self._user, self._random = user, Random(seed)
        self._ended = threading.Event()
        self.answers = self.kills = 0

    def run(self) -> None:
        while not self._ended.is_set():
            with bound("127.0.0.1", 0) as found:
                port = found.getsockname()[1]
            command = [sys.executable, "-m", "live.cli", "dashboard", "--config", str(self._user.config)]
            with subprocess.Popen(
                [*command, "--port", str(port)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdout is not None
                process.stdout.readline()
                url, _, key = process.stdout.readline().strip().partition("/#k=")
                with suppress(httpx.HTTPError):
                    self._read(url, key, time.monotonic() + self._random.uniform(0.05, 1.0))
                process.send_signal(signal.SIGKILL)
                self.kills += 1

    def _read(self, url: str, key: str, until: float) -> None:
        with httpx.Client(base_url=url, timeout=5) as client:
            client.post("/api/v1/auth/login", json={"link": key}, headers={"origin": url})
            while time.monotonic() < until and not self._ended.is_set():
                found = client.get(f"/api/v1/{self._random.choice(READS)}")
                self.answers += found.status_code == 200

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(60)


def traded(user: User) -> tuple[object, ...]:
    """What a person would compare: every file, order, fill and position."""
    columns = "client_order_id, side, quantity, state, filled_quantity, average_price, planned_at"
    files = {path.name: path.read_bytes() for path in sorted(user.signals.glob("trade_signals_*"))}
    return (
        files,
        user.rows("orders", columns),
        user.rows("executions", "execution_id, quantity, price, at"),
        user.rows("positions", "symbol, quantity, entry_price, status"),
    )


def test_the_same_with_and_without_it(tmp_path: Path) -> None:
    alone, watched = new_user(tmp_path / "alone"), new_user(tmp_path / "watched")
    alone.trade(FIRST)
    watched.trade(FIRST)
    dashboard = Watched(watched, 7)
    with dashboard.watching():
        while dashboard.answers < 3:
            time.sleep(0.05)
        for day in DAYS[1:]:
            watched.trade(day)
        while dashboard.kills < 2:
            time.sleep(0.05)
    for day in DAYS[1:]:
        alone.trade(day)
    assert traded(watched) == traded(alone)
    assert traded(alone)[1] != []
