"""An answer: a view in its envelope, as JSON, under an ETag that holds for fifteen seconds at most.

The ETag is made of a random number of this process, the counter of the watcher, the moment, and what was
asked; asking again with it costs no work (304). It ends when the watcher sees a change; what nobody watches
(bars, log files) may be as old as it. The newest answers are kept, also packed, for others who ask the same
while their ETag holds and the files of ledger, jobs and settings are as they were: no commit is missed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from live.jobs.store import NAME as JOBS
from live.settings.load import DEFAULT_CONFIG
from live.system.json_text import plain
from live.views.inputs import ViewInputs
from live.web.guard import Door, who

if TYPE_CHECKING:
    from live.web.world import World

#: how long a figure that depends on the time of day may be shown again
_SECONDS: Final = 15
#: answers that are kept, and the bytes of all of them
_KEPT, _KEPT_BYTES = 64, 16_000_000
_WORTH_PACKING, _LEVEL = 1000, 5


@dataclass(frozen=True, slots=True)
class _Body:
    """The bytes of an answer, and the same packed by gzip where that is worth it."""

    plain: bytes
    packed: bytes | None

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.plain) + len(self.packed or b"")


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
        self._making: dict[str, Future[_Body]] = {}
        self._kept: OrderedDict[str, _Body] = OrderedDict()
        self._lock = threading.Lock()
        self._changes = changes

    def view(self, request: Request, make: Callable[[ViewInputs], Any]) -> Response:
        """Return what `make` makes of the present state, or 304 when the reader has it already."""
        tag = self._tag(request)
        if _known(request, tag):
            door: Door = request.app.state.door
            door.rates.give_back(who(request.state.visitor), "read")
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache, private"})
        headers = {"ETag": tag, "Cache-Control": "no-cache, private", "Vary": "Accept-Encoding"}
        body = self._made(f"{tag} {self._files()}", make)
        packs = "gzip" in request.headers.get("accept-encoding", "")
        if packs and body.packed is not None:
            headers["Content-Encoding"] = "gzip"
        content = body.packed if packs and body.packed is not None else body.plain
        return Response(content, headers=headers, media_type="application/json")

    def _made(self, key: str, make: Callable[[ViewInputs], Any]) -> _Body:
        """Return an answer that is kept; who asks the same while it is made is given the same."""
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                return kept
            making = self._making.get(key)
            if mine := making is None:
                making = self._making[key] = Future()
        if not mine:
            return making.result()
        try:
            with self.world.reading() as inputs:
                found = _packed(_written(enveloped(inputs, make(inputs))))
            making.set_result(found)
        except BaseException as error:
            making.set_exception(error)
            raise
        finally:
            with self._lock:
                self._making.pop(key, None)
        self._keep(key, found)
        return found

    def _keep(self, key: str, body: _Body) -> None:
        with self._lock:
            self._kept[key] = body
            while len(self._kept) > _KEPT or sum(one.size for one in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)

    def _files(self) -> str:
        """Return what a commit, or an edit of the settings, changes at once: the watcher is a moment late.

        The jobs are among it: another program may run them, and nothing watches their file.
        """
        databases = (self.world.state_db, self.world.state / JOBS)
        written = [path.with_name(f"{path.name}{end}") for path in databases for end in ("", "-wal")]
        return " ".join(_stamp(one) for one in (*written, self.world.source.config or DEFAULT_CONFIG))

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


def _packed(plain: bytes) -> _Body:
    small = len(plain) < _WORTH_PACKING
    return _Body(plain, None if small else gzip.compress(plain, _LEVEL, mtime=0))


def _stamp(path: Path) -> str:
    """Return what changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return "none"
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"


def _written(body: Any) -> bytes:
    text = json.dumps(plain(body), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _known(request: Request, tag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    return tag in {part.strip() for part in given.split(",")}
