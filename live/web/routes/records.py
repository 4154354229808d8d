"""What the programs wrote down: logs, reports, figures for Prometheus. Scopes `read` and `metrics`."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from starlette.requests import Request
from starlette.responses import Response

from backtest import __version__
from backtest.core.files import LARGE, read_regular
from live.metrics.catalogue import families
from live.metrics.exposition import Family, merged, render
from live.metrics.gather import Subject, joined, of_ledger, of_programs
from live.system.clock import HostZone
from live.system.log_lines import LEVELS, LogEntry, Wanted, read_entries
from live.system.redaction import redact
from live.web.auth.sessions import Visitor
from live.web.document import answered
from live.web.guard import needs
from live.web.problems import ProblemError
from live.web.routes.common import Limit, accounts_of, not_found, served_of, show, world_of

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs
    from live.web.world import World

router = APIRouter()
Reader = Annotated[Visitor, needs("read")]
Collector = Annotated[Visitor, needs("metrics")]
_INSTANT: Final = "such as 2026-01-31T16:00:00-05:00"
_NAME: Final = re.compile(r"[a-z]+(_[A-Za-z0-9.-]+)*\.(txt|json|html)")
#: a report's own page is text here: nothing of it runs in this origin
_KINDS: Final = {
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".html": "text/plain; charset=utf-8",
}
#: without `since`: the newest days
_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report that was written.

    Attributes:
        size: bytes.
    """

    name: str
    written_at: datetime
    size: int


@router.get("/logs", responses=answered(tuple[LogEntry, ...]))
def logs(
    request: Request,
    _: Reader,
    limit: Limit = 200,
    since: Annotated[datetime | None, Query(description="First instant, with its offset.")] = None,
    stage: Annotated[str | None, Query(max_length=40)] = None,
    level: Annotated[str | None, Query(max_length=10, description="This level and above.")] = None,
    grep: Annotated[str | None, Query(max_length=200, description="Text it holds, in any case.")] = None,
) -> Response:
    """The newest entries of every program's log, oldest first."""
    if level is not None and level.upper() not in LEVELS:
        raise ProblemError(422, "level", "this is no level", remedy=f"one of {', '.join(LEVELS)}")
    if since is not None and since.tzinfo is None:
        raise ProblemError(422, "since", "the instant has no offset", remedy=_INSTANT)

    def make(inputs: ViewInputs) -> tuple[LogEntry, ...]:
        loaded = world_of(request).settings(inputs.ledger)
        first = since or inputs.now - timedelta(days=_DAYS)
        wanted = Wanted(first, stage, level and level.upper(), None, grep)
        folder = loaded.path(loaded.settings.paths.logs)
        found = deque(read_entries(folder, wanted, HostZone()), maxlen=limit)
        return tuple(LogEntry(e.at, e.level, e.stage, redact(e.text)) for e in found)

    return show(request, make)


@router.get("/reports", responses=answered(tuple[ReportFile, ...]))
def reports(request: Request, _: Reader) -> Response:
    """Every report that was written, newest first."""

    def make(_: ViewInputs) -> tuple[ReportFile, ...]:
        folder = _folder(request)
        files = [path for path in folder.glob("*") if _NAME.fullmatch(path.name) and path.is_file()]
        found = [(path, path.stat()) for path in files]
        rows = [ReportFile(path.name, _instant(stat.st_mtime), stat.st_size) for path, stat in found]
        return tuple(sorted(rows, key=lambda row: (row.written_at, row.name), reverse=True))

    return show(request, make)


@router.get("/reports/{name}")
def report(request: Request, _: Reader, name: Annotated[str, PathParameter(max_length=120)]) -> Response:
    """The text of a report; its HTML is text here too."""
    if not _NAME.fullmatch(name):
        raise not_found("report of this name")
    path = _folder(request) / name
    try:
        content = read_regular(path, LARGE)
    except OSError as error:
        raise not_found("report of this name") from error
    return Response(content, media_type=_KINDS[path.suffix], headers={"Cache-Control": "no-store"})


@router.get("/metrics")
def metrics(request: Request, _: Collector) -> Response:
    """The figures of every account, or of one, as Prometheus reads them."""
    accounts = accounts_of(request)
    wanted = accounts.all() if request.state.account is None else (served_of(request),)
    text = render(merged(_families(served.world) for served in wanted))
    return Response(
        text, media_type="text/plain; version=0.0.4; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def _families(world: World) -> tuple[Family, ...]:
    with world.reading() as inputs:
        loaded = world.settings(inputs.ledger)
        name = loaded.settings.account or inputs.account
        subject = Subject(name, loaded, world.state, inputs.now, __version__)
        return families(joined(of_programs(subject), of_ledger(subject, inputs.ledger)))


def _folder(request: Request) -> Path:
    return world_of(request).state / "reports"


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
