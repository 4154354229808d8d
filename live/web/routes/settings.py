"""Settings and strategy parameters: values with their sources, overrides, history."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from live.actions import settings as person
from live.ledger.errors import LedgerMissing
from live.settings.load import Setting
from live.views.settings import SettingsHistory, read_history, read_settings
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.document import answered
from live.web.guard import needs
from live.web.problems import ProblemError
from live.web.routes.common import actor_of, changed, require_proven, show, via_of, world_of
from live.web.routes.signals import Body
from live.web.world import World

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

router = APIRouter(prefix="/config")
Reader = Annotated[Visitor, needs("read")]
Changer = Annotated[Visitor, needs("settings")]
#: what a page never changes: places, itself, who executes, what the mode switch asks about, secrets' names
_UNTOUCHED: Final = ("paths.", "dashboard.", "broker.", "mode", "alerts.urls_env", "strategy.")


class SettingChange(Body):
    """A new value; `expected` is the one the person saw."""

    name: str = Field(min_length=1, max_length=128)
    value: JsonValue
    expected: JsonValue
    effective_from: datetime | None = None
    effective_until: datetime | None = None
    reason: str = Field(default="", max_length=500)


@router.get("", responses=answered(tuple[Setting, ...]))
def settings(request: Request, _: Reader, prefix: Annotated[str, Query(max_length=128)] = "") -> Response:
    """Every setting with its value and where it came from."""
    world = world_of(request)
    return show(request, lambda inputs: read_settings(world.source, inputs.now, prefix))


@router.get("/history", responses=answered(SettingsHistory))
def history(request: Request, _: Reader) -> Response:
    """Every override ever made, and the newest sets of settings that were used."""
    world = world_of(request)

    def make(inputs: ViewInputs) -> SettingsHistory:
        try:
            return read_history(world.source, inputs.now)
        except LedgerMissing:
            return SettingsHistory((), ())

    return show(request, make)


@router.put("", responses=answered(person.Changed, bare=True))
def change(request: Request, visitor: Changer, body: SettingChange) -> Response:
    """Override a setting, provided it still is what the person saw."""
    _require_changeable(body.name)
    require_proven(request, visitor)
    done = person.set_value(
        _free(request).source,
        body.name,
        body.value,
        actor=actor_of(visitor),
        at=world_of(request).clock.now(),
        reason=body.reason,
        effective_from=body.effective_from,
        effective_until=body.effective_until,
        expected=body.expected,
        via=via_of(request),
    )
    changed(request, "config", "status")
    return answer(done)


@router.delete("/{name}", responses=answered(person.Unset, bare=True))
def revert(
    request: Request, visitor: Changer, name: str, reason: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    """End every override of a setting; the next lower source holds again."""
    _require_changeable(name)
    require_proven(request, visitor)
    done = person.unset(
        _free(request).source,
        name,
        actor=actor_of(visitor),
        at=world_of(request).clock.now(),
        reason=reason,
        via=via_of(request),
    )
    changed(request, "config", "status")
    return answer(done)


def _free(request: Request) -> World:
    """Return the project, unless the executor is at work or the ledger is of another version."""
    world = world_of(request)
    world.require_no_run()
    world.require_readable()
    return world


def _require_changeable(name: str) -> None:
    if any(name == kept or name.startswith(kept) for kept in _UNTOUCHED):
        raise ProblemError(
            403, "not-here", f"{name} is not changed on the page", remedy="use `jutsu config set`"
        )
