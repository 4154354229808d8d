"""Paper or real orders: what stands in the way, and the switch. Scope `control`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from backtest.core.errors import Finding, JutsuError, LimitError, UsageError
from live.actions import mode as person
from live.actions.audited import audited
from live.actions.settings import set_value
from live.ledger.system_state import CONFIRMATION
from live.model.run import Mode
from live.operations.quiet_times import quiet_for_books
from live.runtime.account import account_key
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.children import asked
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import actor_of, changed, require_proven, show, via_of, world_of
from live.web.routes.signals import Body

if TYPE_CHECKING:
    from live.settings.load import LoadedSettings
    from live.views.inputs import ViewInputs
    from live.web.world import World

router = APIRouter(prefix="/control/mode")
Reader = Annotated[Visitor, needs("read")]
Controller = Annotated[Visitor, needs("control")]


@dataclass(frozen=True, slots=True)
class ModeView:
    """Which mode the next run has.

    Attributes:
        source: where that comes from.
        account: that real orders would go to. confirmed: whether `jutsu online` or this page confirmed it.
        words: what is typed to confirm it.
    """

    mode: Mode
    source: str
    account: str
    confirmed: bool
    words: str


@dataclass(frozen=True, slots=True)
class ModeObstacles:
    """What stands in the way of real orders, one finding each; none: they may be switched on."""

    obstacles: tuple[Finding, ...]


class ModeChange(Body):
    """The mode; for real orders the words of the confirmation."""

    mode: Mode
    typed: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=500)


@router.get("", responses=answered(ModeView))
def mode(request: Request, _: Reader) -> Response:
    """The mode of the next run, where it comes from, and whether real orders were confirmed."""
    world = world_of(request)
    return show(request, lambda inputs: _view(world, inputs))


@router.post("/check", responses=answered(ModeObstacles, bare=True))
def check(request: Request, _: Controller) -> Response:
    """Ask `jutsu doctor` and `jutsu ready` what stands in the way of real orders; takes seconds."""
    return answer(ModeObstacles(tuple(_obstacles(world_of(request)))))


@router.put("", responses=answered(ModeView, bare=True))
def switch(request: Request, visitor: Controller, body: ModeChange) -> Response:
    """Switch to paper at once; to real orders only when nothing stands in the way."""
    world = world_of(request)
    world.require_no_run()
    world.require_readable()
    if body.mode == "online_live":
        _confirm(request, visitor, body)
    set_value(
        world.source,
        "mode",
        body.mode,
        actor=actor_of(visitor),
        at=world.clock.now(),
        reason=body.reason or "switched on the page",
        via=via_of(request),
    )
    changed(request, "config", "status")
    with world.reading() as inputs:
        return answer(_view(world, inputs))


def _view(world: World, inputs: ViewInputs) -> ModeView:
    loaded = world.settings(inputs.ledger)
    account = _account(world)
    return ModeView(
        mode=loaded.settings.mode,
        source=loaded.sources["mode"],
        account=account,
        confirmed=inputs.ledger.for_account(account).state.online_confirmed(),
        words=CONFIRMATION,
    )


def _account(world: World) -> str:
    """Return the account real orders would go to."""
    return account_key(world.source.load(world.clock.now(), flags={"mode": "online_live"}).settings)


def _confirm(request: Request, visitor: Visitor, body: ModeChange) -> None:
    """Confirm real orders for the account; a refusal is in the audit log.

    Raises:
        ElevationNeededError: 403. UsageError: 2, the words were not typed. LimitError: 7, a program that may
            not, or something stands in the way; `findings` names it.
    """
    world = world_of(request)
    obstacles = _obstacles_unless_refused(request, visitor, body)
    actor, via, at = actor_of(visitor), via_of(request), world.clock.now()
    with world.writing() as inputs:
        ledger = inputs.ledger.for_account(_account(world))
        with audited(ledger, "mode", actor=actor, subject=ledger.account, at=at, via=via) as effect:
            _require_person(request, visitor, body)
            _require_none(obstacles)
            effect.before, effect.after = inputs.settings.mode, "online_live"
        person.online(ledger, body.typed, actor=actor, at=at, via=via)


def _require_person(request: Request, visitor: Visitor, body: ModeChange) -> None:
    """Raise what needs no child to be known: no proof, not the words, an open window."""
    world = world_of(request)
    require_proven(request, visitor, grave=True)
    _require_words(body.typed)
    _require_no_window(world.source.load(world.clock.now()), world)


def _obstacles_unless_refused(request: Request, visitor: Visitor, body: ModeChange) -> list[Finding]:
    """Return the obstacles; none are looked for where the person is refused anyway."""
    try:
        _require_person(request, visitor, body)
    except JutsuError:
        return []
    return _obstacles(world_of(request))


def _require_words(typed: str) -> None:
    if " ".join(typed.split()).lower() != CONFIRMATION:
        raise UsageError(
            "not confirmed, nothing was changed", where="typed", remedy=f"type exactly: {CONFIRMATION}"
        )


def _require_none(obstacles: list[Finding]) -> None:
    if obstacles:
        raise LimitError(
            f"{len(obstacles)} thing(s) stand in the way of real orders",
            where="mode",
            remedy=str(obstacles[0]),
            findings=obstacles,
        )


def _require_no_window(loaded: LoadedSettings, world: World) -> None:
    until = quiet_for_books(loaded, world.clock.now(), timedelta(0))
    if until is not None:
        raise LimitError("an execution window is open", where="mode", remedy=f"after {until:%H:%M} New York")


def _obstacles(world: World) -> list[Finding]:
    """Return what `doctor` under real orders and `ready` say against it."""
    health = asked(world, "doctor", "--mode", "online", "--json")
    found = [
        Finding(f"doctor: {one['name']}", one["detail"], one["remedy"])
        for one in _rows(health, "checks")
        if one["verdict"] == "failed"
    ]
    books = _rows(asked(world, "ready", "--json"), "books")
    if not books:
        found.append(Finding("ready", "no daily book was rehearsed", "`jutsu ready`"))
    for book in books:
        found += [
            Finding(f"{book['variant']}: {one['name']}", f"{one['limit']}: {one['why']}", "`jutsu ready`")
            for one in book["criteria"]
            if not one["met"]
        ]
    return found


def _rows(document: str, name: str) -> list[dict[str, Any]]:
    """Return a list of a document a command printed. LimitError 7: it printed none."""
    try:
        rows = json.loads(document)[name]
    except (ValueError, KeyError, TypeError) as error:
        raise LimitError("the checks could not be made", where=name, remedy="`jutsu doctor`") from error
    return [row for row in rows if isinstance(row, dict)]
