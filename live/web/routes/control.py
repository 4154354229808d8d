"""The switches: kill, resume, and whether this account may receive real orders. Scope `control`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from backtest.core.errors import SettingsError, UsageError
from live.actions import kill_switch
from live.actions.audited import audited
from live.actions.kill_switch import Resumed
from live.books import breakers
from live.ledger.errors import LedgerError
from live.ledger.system_state import KillSwitch, RaisedLevel
from live.operations.installed import stopped_by_panic
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.children import start, streamed
from live.web.document import answered
from live.web.guard import needs
from live.web.problems import ProblemError
from live.web.routes.common import actor_of, changed, require_proven, via_of, world_of
from live.web.routes.signals import Body
from live.web.world import KILL_SECONDS

if TYPE_CHECKING:
    from datetime import datetime

    from live.ledger.ledger import Ledger
    from live.views.inputs import ViewInputs

LOG = logging.getLogger("jutsu.web")
PANIC: Final = "PANIC"
router = APIRouter()
Controller = Annotated[Visitor, needs("control")]


class Kill(Body):
    """`entries` keeps new entries back, `all` every order."""

    level: RaisedLevel = "all"
    reason: str = Field(default="on the dashboard", max_length=500)


class Panic(Body):
    """The word a person types, and whether what no book owns is closed too."""

    word: str = Field(max_length=16)
    everything: bool = False


@router.post("/control/kill", responses=answered(KillSwitch, bare=True))
def kill(request: Request, visitor: Controller, body: Kill | None = None) -> Response:
    """Turn the switch on, during a run too; the executor looks before every order."""
    world, wanted = world_of(request), body or Kill()

    def turn(ledger: Ledger, at: datetime) -> KillSwitch:
        return kill_switch.kill(
            ledger,
            level=wanted.level,
            reason=wanted.reason,
            actor=actor_of(visitor),
            at=at,
            via=via_of(request),
        )

    try:
        with world.writing(KILL_SECONDS, even_during_a_run=True) as inputs:
            switch = turn(inputs.ledger, inputs.now)
    except SettingsError as error:
        LOG.warning("kill by %s although: %s", actor_of(visitor), error.line())
        with world.stopping() as (ledger, at):
            switch = turn(ledger, at)
    changed(request, "status")
    return answer(switch)


@router.post("/control/resume", responses=answered(Resumed, bare=True))
def resume(request: Request, visitor: Controller) -> Response:
    """Turn the switch off; breakers are set back by `jutsu resume`, which asks the broker for its equity."""
    world = world_of(request)
    with world.writing() as inputs:
        require_proven(request, visitor, grave=_online(inputs))
        if breakers.standing(inputs.ledger):
            raise ProblemError(
                409,
                "breakers",
                "a circuit breaker has tripped: its new peak is the broker's equity, which is not asked here",
                remedy="run `jutsu resume`",
            )
        if not inputs.settings.account and stopped_by_panic(world.state):
            raise ProblemError(
                409,
                "starts",
                "panic switched off what starts the programs (cron, timers): the page does not put it back",
                remedy="run `jutsu resume`",
            )
        done = kill_switch.resume(inputs.ledger, actor=actor_of(visitor), at=inputs.now, via=via_of(request))
    changed(request, "status")
    return answer(done)


@router.post("/control/panic", response_class=StreamingResponse)
def panic(request: Request, visitor: Controller, body: Panic) -> StreamingResponse:
    """Close everything: `jutsu panic` as a child, what it says as text, `exit N` at the end.

    It works with settings that cannot be read and beside a run, and goes on when the page is closed.
    """
    _note(request, visitor, body)
    everything = ["--everything"] if body.everything else []
    return streamed(start(world_of(request), "panic", "--yes", *everything))


@router.post("/control/reconcile", response_class=StreamingResponse)
def reconcile(request: Request, visitor: Controller) -> StreamingResponse:
    """Compare ledger and broker: `jutsu reconcile` as a child, what it says as text, `exit N` at the end."""
    require_proven(request, visitor)
    return streamed(start(world_of(request), "reconcile"))


def _note(request: Request, visitor: Visitor, body: Panic) -> None:
    """Keep who asked for a panic, refused or not; a ledger that cannot be written stops none.

    Raises:
        UsageError: 2, the word was not typed. ElevationNeededError: 403, online and not proven of late.
        LimitError: 7, online and a program that may not. SettingsError: 2, it cannot be told whether it may.
    """
    try:
        with (
            world_of(request).writing(KILL_SECONDS, even_during_a_run=True) as inputs,
            audited(
                inputs.ledger,
                "panic asked",
                actor=actor_of(visitor),
                subject="everything" if body.everything else "our positions",
                at=inputs.now,
                via=via_of(request),
            ),
        ):
            _require_word(body.word)
            require_proven(request, visitor, grave=_online(inputs))
    except (LedgerError, SettingsError) as error:
        _require_word(body.word)
        require_proven(request, visitor, grave=True)
        LOG.warning("panic by %s is not in the audit log: %s", actor_of(visitor), error.line())


def _require_word(word: str) -> None:
    if word != PANIC:
        raise UsageError("not confirmed: nothing was done", where="panic", remedy=f"type {PANIC}")


def _online(inputs: ViewInputs) -> bool:
    return inputs.settings.mode == "online_live"
