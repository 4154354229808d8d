"""An answer: a view in its envelope, as JSON, under an ETag that changes when anything it shows may have.

The ETag is made of a random number of this process, the counter of the watcher, the minute, and what was
asked; asking again with it costs no work (304).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
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
        self._changes = changes

    def view(self, request: Request, make: Callable[[ViewInputs], Any]) -> Response:
        """Return what `make` makes of the present state, or 304 when the reader has it already."""
        tag = self._tag(request)
        if _known(request, tag):
            door: Door = request.app.state.door
            door.rates.give_back(who(request.state.visitor), "read")
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache, private"})
        with self.world.reading() as inputs:
            body = enveloped(inputs, make(inputs))
        return answer(body, headers={"ETag": tag, "Cache-Control": "no-cache, private"})

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
    text = json.dumps(plain(body), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(
        text.encode(),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def _known(request: Request, tag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    return tag in {part.strip() for part in given.split(",")}
