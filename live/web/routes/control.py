"""The switches: kill, resume, and whether this account may receive real orders. Scope `control`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from backtest.core.errors import JutsuError, SettingsError, UsageError
from live.actions import kill_switch
from live.actions.audited import audited
from live.actions.kill_switch import Resumed
from live.books import breakers
from live.ledger.errors import LedgerError
from live.ledger.system_state import KillLevel, KillSwitch, RaisedLevel
from live.operations.installed import stopped_by_panic
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.children import start, streamed
from live.web.document import answered
from live.web.guard import needs
from live.web.problems import ProblemError
from live.web.routes.common import (
    accounts_of,
    actor_of,
    changed,
    require_proven,
    via_of,
    world_of,
)
from live.web.routes.signals import Body
from live.web.world import KILL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from live.ledger.ledger import Ledger
    from live.views.inputs import ViewInputs
    from live.web.world import World

LOG = logging.getLogger("jutsu.web")
PANIC: Final = "PANIC"
#: the switch, from what keeps nothing back to what keeps everything back
_LEVELS: Final[tuple[KillLevel, ...]] = ("none", "entries", "all")
router = APIRouter()
Controller = Annotated[Visitor, needs("control")]


class Kill(Body):
    """`entries` keeps new entries back, `all` every order."""

    level: RaisedLevel = "all"
    reason: str = Field(default="on the dashboard", max_length=500)


class PanicAsked(Body):
    """Whether what no book owns is closed too."""

    everything: bool = False


class Panic(PanicAsked):
    """The word a person types."""

    word: str = Field(max_length=16)


@router.post("/control/kill", responses=answered(KillSwitch, bare=True))
def kill(request: Request, visitor: Controller, body: Kill | None = None) -> Response:
    """Turn the switch on, during a run too; the executor looks before every order.

    Without `account` it is turned for every one; the answer is then the switch that keeps least back.
    """
    wanted, found, problems = body or Kill(), list[KillSwitch](), list[JutsuError]()

    def turn(ledger: Ledger, at: datetime) -> None:
        switch = kill_switch.kill(
            ledger,
            level=wanted.level,
            reason=wanted.reason,
            actor=actor_of(visitor),
            at=at,
            via=via_of(request),
        )
        found.append(switch)

    accounts = accounts_of(request)
    for name in _meant(request):
        try:
            served = accounts.of(name)
            _kill(served.world, turn)
        except JutsuError as error:  # one account that cannot be stopped keeps no other from it
            problems.append(error)
        else:
            served.watcher.changed(("status",))
    if problems:
        raise problems[0]
    return answer(min(found, key=lambda switch: _LEVELS.index(switch.level)))


def _meant(request: Request) -> tuple[str | None, ...]:
    """Return the account a request names, every one where it names none: who stops need not choose first."""
    named: str | None = request.state.account
    return (named,) if named is not None else accounts_of(request).names() or (None,)


def _kill(world: World, turn: Callable[[Ledger, datetime], None]) -> None:
    """Turn the switch of an account, by the last settings that could be read where they cannot be now."""
    try:
        with world.writing(KILL_SECONDS, even_during_a_run=True) as inputs:
            turn(inputs.ledger, inputs.now)
    except SettingsError as error:
        LOG.warning("kill although: %s", error.line())
        with world.stopping() as (ledger, at):
            turn(ledger, at)


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


@router.post("/control/panic/look", response_class=StreamingResponse)
def panic_look(request: Request, visitor: Controller, body: PanicAsked | None = None) -> StreamingResponse:
    """Say what a panic would cancel and sell: `jutsu panic --dry-run` as a child, what it says as text."""
    del visitor
    everything = ["--everything"] if body is not None and body.everything else []
    return streamed(start(world_of(request), "panic", "--dry-run", *everything))


@router.post("/control/doctor", response_class=StreamingResponse)
def doctor(request: Request, visitor: Controller) -> StreamingResponse:
    """Check everything a run needs: `jutsu doctor` as a child, what it says as text, `exit N` at the end."""
    del visitor
    return streamed(start(world_of(request), "doctor"))


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
