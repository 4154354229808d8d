"""Alerts, answered by a person: tried, acknowledged. Scope `control`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from fastapi import Path as PathParameter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from live.actions import alerts as person
from live.views.alerts import AlertLine, alert_lines
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.children import start, streamed
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import actor_of, changed, via_of, world_of

router = APIRouter(prefix="/alerts")
Controller = Annotated[Visitor, needs("control")]
_MOST: Final = 5000


@router.post("/test", response_class=StreamingResponse)
def try_channels(request: Request, visitor: Controller) -> StreamingResponse:
    """Send a test to every channel: `jutsu alerts test` as a child, what it says as text."""
    del visitor
    return streamed(start(world_of(request), "alerts", "test"))


@router.post("/{number}/ack", responses=answered(AlertLine, bare=True))
def acknowledge(
    request: Request, visitor: Controller, number: Annotated[int, PathParameter(ge=1, le=2**53)]
) -> Response:
    """Note that a person knows of an alert: it rings no more."""
    with world_of(request).writing() as inputs:
        person.acknowledge(inputs.ledger, number, actor=actor_of(visitor), at=inputs.now, via=via_of(request))
        (line,) = (one for one in alert_lines(inputs.ledger, _MOST) if one.id == number)
    changed(request, "status")
    return answer(line)
