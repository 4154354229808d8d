"""An answer: a view in its envelope, as JSON, under an ETag that changes when anything it shows may have.

The ETag is made of a random number of this process, the counter of the watcher, the minute, and what was
asked; asking again with it costs no work (304), and many who ask the same at once cost one making.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from live.system.json_text import plain
from live.views.inputs import ViewInputs
from live.web.guard import Door, who

if TYPE_CHECKING:
    from live.web.world import World

#: how long a figure that depends on the time of day may be shown again
_SECONDS: Final = 15


class Answers:
    """Makes the answers of one process.

    Args:
        world: what is looked at.
        start: random text of this process.
        changes: returns the watcher's counter.
    """

    def __init__(self, world: World, start: str, changes: Callable[[], int]) -> None:
        self.world = world
        self._start = start
        self._making: dict[str, Future[bytes]] = {}
        self._lock = threading.Lock()
        self._changes = changes

    def view(self, request: Request, make: Callable[[ViewInputs], Any]) -> Response:
        """Return what `make` makes of the present state, or 304 when the reader has it already."""
        tag = self._tag(request)
        if _known(request, tag):
            door: Door = request.app.state.door
            door.rates.give_back(who(request.state.visitor), "read")
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache, private"})
        headers = {"ETag": tag, "Cache-Control": "no-cache, private"}
        return Response(self._made(tag, make), headers=headers, media_type="application/json")

    def _made(self, tag: str, make: Callable[[ViewInputs], Any]) -> bytes:
        """Return the bytes of an answer; who asks the same while it is made is given the same."""
        with self._lock:
            making = self._making.get(tag)
            if mine := making is None:
                making = self._making[tag] = Future()
        if not mine:
            return making.result()
        try:
            with self.world.reading() as inputs:
                making.set_result(_written(enveloped(inputs, make(inputs))))
        except BaseException as error:
            making.set_exception(error)
            raise
        finally:
            with self._lock:
                self._making.pop(tag, None)
        return making.result()

    def _tag(self, request: Request) -> str:
        moment = int(self.world.clock.now().timestamp()) // _SECONDS
        asked = f"{request.url.path}?{request.url.query}"
        text = f"{self._start} {self._changes()} {moment} {asked}"
        return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def enveloped(inputs: ViewInputs, view: Any) -> dict[str, Any]:
    """Return the view with what every answer says of itself."""
    return {
        "as_of": inputs.now.isoformat(),
        "account": inputs.account,
        "mode": inputs.settings.mode,
        "data_source": inputs.settings.data.source,
        "data": view,
    }


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return data as JSON; dataclasses, dates and Decimals as `jutsu --json` prints them."""
    return Response(
        _written(body),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def _written(body: Any) -> bytes:
    text = json.dumps(plain(body), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _known(request: Request, tag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    return tag in {part.strip() for part in given.split(",")}
