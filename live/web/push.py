"""`/ws/live`: says that something changed, or how far a job is; the page then reads again by ETag."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from live.web.problems import ProblemError

if TYPE_CHECKING:
    from live.jobs.model import Job
    from live.web.guard import Door

MOST_SOCKETS: Final = 20
_LARGEST: Final = 4096
_POLICY_VIOLATION, _TRY_AGAIN_LATER = 1008, 1013


class Push:
    """The open sockets of one process."""

    def __init__(self) -> None:
        self._seen = 0
        self._waiting: dict[WebSocket, asyncio.Queue[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, socket: WebSocket, door: Door) -> None:
        """Keep one socket until it closes; refuse it without a session, from a foreign page, when full."""
        try:
            door.require_known_host(socket.headers)
            door.require_own_page(socket)
        except ProblemError:
            await socket.close(_POLICY_VIOLATION)
            return
        visitor = door.visitor(socket)
        if visitor is None or "read" not in visitor.scopes:
            await socket.close(_POLICY_VIOLATION)
            return
        if len(self._waiting) >= MOST_SOCKETS:
            await socket.close(_TRY_AGAIN_LATER)
            return
        await socket.accept()
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=100)
        self._waiting[socket] = queue
        queue.put_nowait(_changed(("hello",), self._seen, ""))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_send(socket, queue))
                group.create_task(_drain(socket))
        except* WebSocketDisconnect:
            pass
        finally:
            self._waiting.pop(socket, None)

    async def close(self) -> None:
        """Close every socket: the program ends."""
        for socket in tuple(self._waiting):
            await socket.close(1001)

    def job(self, job: Job, account: str = "") -> None:
        """Say how far a job is; called by the thread that runs jobs."""
        said = {"type": "job", "id": job.id, "state": job.state, "progress": round(job.progress, 4)}
        self._hand(json.dumps(said | _of(account)))

    def changed(self, topics: tuple[str, ...], count: int, account: str = "") -> None:
        """Say that something changed; called by a watcher, or by a thread that did an action.

        Args:
            topics: what.
            count: changes the watcher has seen.
            account: whose, empty where there is only one.
        """
        self._seen = max(self._seen, count)
        self._hand(_changed(topics, count, account))

    def _hand(self, text: str) -> None:
        """Hand a message to every socket."""
        loop = self._loop
        if loop is None or not self._waiting:
            return
        loop.call_soon_threadsafe(self._put, text)

    def _put(self, text: str) -> None:
        for queue in self._waiting.values():
            if not queue.full():  # a page that does not read learns of the newest change by asking
                queue.put_nowait(text)


def _changed(topics: tuple[str, ...], count: int, account: str) -> str:
    return json.dumps({"type": "changed", "topics": list(topics), "seq": count, **_of(account)})


def _of(account: str) -> dict[str, str]:
    return {"account": account} if account else {}


async def _send(socket: WebSocket, queue: asyncio.Queue[str]) -> None:
    while True:
        await socket.send_text(await queue.get())


async def _drain(socket: WebSocket) -> None:
    """Read what the page says (nothing is expected) until it goes away."""
    while True:
        if len(await socket.receive_text()) > _LARGEST:
            await socket.close(_POLICY_VIOLATION)
            raise WebSocketDisconnect(_POLICY_VIOLATION)
