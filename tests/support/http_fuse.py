"""A fuse: counts the steps of a process and kills it at the chosen one."""

from __future__ import annotations

import os
import signal as signals
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.http_imitation import short


class Fuse:
    """Counts the steps of this process and kills it at the chosen one."""

    def __init__(self, at: int | None, log: Path) -> None:
        self.at, self.log = at, log
        self.names: list[str] = []

    def step(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self.at:
            self.log.write_text(name)
            os.kill(os.getpid(), signals.SIGKILL)

    def arm(self) -> None:
        """Put the fuse around every outermost commit and every request of the brokers' clients."""
        import httpx
        import requests

        from live.ledger.database import Database

        _replace(Database, "transaction", self._commits)
        _replace(httpx.Client, "send", lambda send: self._requests(send, lambda r: r.url.path))
        _replace(
            requests.Session,
            "send",
            lambda send: self._requests(send, lambda r: r.path_url.partition("?")[0]),
        )

    def _commits(self, original: Any) -> Any:
        depth = [0]

        @contextmanager
        def transaction(database: Any) -> Iterator[Any]:
            depth[0] += 1
            try:
                with original(database) as opened:
                    yield opened
                    if depth[0] == 1:
                        self.step("before commit")
                if depth[0] == 1:
                    self.step("after commit")
            finally:
                depth[0] -= 1

        return transaction

    def _requests(self, original: Any, path_of: Any) -> Any:
        def send(client: Any, request: Any, **how: Any) -> Any:
            name = short(request.method, path_of(request))
            self.step(f"unsent {name}")
            reply = original(client, request, **how)
            self.step(f"replied {name}")
            return reply

        return send


def _replace(kind: type, name: str, wrap: Callable[[Any], Any]) -> None:
    """Put `wrap(method)` in the place of a method of a class."""
    setattr(kind, name, wrap(getattr(kind, name)))


def on_commit(before: Any) -> Any:
    """Return a `Database.transaction` that calls `before(n)` ahead of every outermost n-th commit."""
    from live.ledger.database import Database

    original, depth, count = Database.transaction, [0], [0]

    @contextmanager
    def transaction(database: Any) -> Iterator[None]:
        depth[0] += 1
        try:
            with original(database) as opened:
                yield opened
                if depth[0] == 1:
                    count[0] += 1
                    before(count[0])
        finally:
            depth[0] -= 1

    return transaction
