"""The switches: kill, resume, and whether this account may receive real orders. Scope `control`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from live.actions import kill_switch
from live.actions.kill_switch import Resumed
from live.books import breakers
from live.ledger.system_state import KillSwitch, RaisedLevel
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.document import answered
from live.web.guard import Door, needs
from live.web.problems import ProblemError
from live.web.routes.common import actor_of, changed, via_of, world_of
from live.web.routes.signals import Body
from live.web.world import KILL_SECONDS

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

router = APIRouter()
Controller = Annotated[Visitor, needs("control")]


class Kill(Body):
    """`entries` keeps new entries back, `all` every order."""

    level: RaisedLevel = "all"
    reason: str = Field(default="on the dashboard", max_length=500)


@router.post("/control/kill", responses=answered(KillSwitch, bare=True))
def kill(request: Request, visitor: Controller, body: Kill | None = None) -> Response:
    """Turn the switch on, during a run too; the executor looks before every order."""
    wanted = body or Kill()
    with world_of(request).writing(KILL_SECONDS, even_during_a_run=True) as inputs:
        switch = kill_switch.kill(
            inputs.ledger,
            level=wanted.level,
            reason=wanted.reason,
            actor=actor_of(visitor),
            at=inputs.now,
            via=via_of(request),
        )
    changed(request, "status")
    return answer(switch)


@router.post("/control/resume", responses=answered(Resumed, bare=True))
def resume(request: Request, visitor: Controller) -> Response:
    """Turn the switch off; breakers are set back by `jutsu resume`, which asks the broker for its equity."""
    with world_of(request).writing() as inputs:
        _require_elevated(request, visitor, inputs)
        if breakers.standing(inputs.ledger):
            raise ProblemError(
                409,
                "breakers",
                "a circuit breaker has tripped: its new peak is the broker's equity, which is not asked here",
                remedy="run `jutsu resume`",
            )
        done = kill_switch.resume(inputs.ledger, actor=actor_of(visitor), at=inputs.now, via=via_of(request))
    changed(request, "status")
    return answer(done)


def _require_elevated(request: Request, visitor: Visitor, inputs: ViewInputs) -> None:
    """Online, a browser proves itself again within five minutes. ProblemError 403: it did not."""
    door: Door = request.app.state.door
    if inputs.settings.mode != "online_live" or visitor.kind != "browser":
        return
    if visitor.elevated_until <= door.clock.now().timestamp():
        raise ProblemError(403, "elevate", "prove yourself again first", remedy="POST /auth/elevate")
