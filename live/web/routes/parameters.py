"""Parameters of a variant: shown, judged, tried over stored bars, and saved after that. Scope `settings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from backtest.core.errors import JutsuError, LimitError
from live.actions import parameters as person
from live.jobs.backtest import BacktestRequest, strategy_of
from live.jobs.errors import NoSuchJobError
from live.jobs.model import Job
from live.jobs.preview import PreviewResults
from live.jobs.project import stored_history
from live.operations.quiet_times import quiet_for_books
from live.views.parameters import Judged, ParametersView, judge, read_parameters
from live.views.settings import configured_strategies
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import VariantName, actor_of, changed, require_proven, show, via_of, world_of
from live.web.routes.jobs import Ident, jobs_of, of_kind, result_of
from live.web.routes.signals import Body

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.strategies.base import Strategy
    from live.settings.load import LoadedSettings
    from live.views.inputs import ViewInputs

router = APIRouter(prefix="/parameters")
Reader = Annotated[Visitor, needs("read")]
Changer = Annotated[Visitor, needs("settings")]
Values = Annotated[dict[str, JsonValue], Field(max_length=100)]
#: how old a preview may be that a change rests on
PREVIEW_AGE: Final = timedelta(hours=24)
#: nothing is changed from so long before a window until its end
BEFORE_WINDOW: Final = timedelta(minutes=30)


class Proposed(Body):
    """Parameters with other values than now."""

    values: Values


class Saved(Body):
    """Parameters to save: the values seen, and the preview of exactly these values."""

    values: Values
    expected: Values
    preview: str = Field(max_length=40)
    reason: str = Field(default="", max_length=500)


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A preview and how far it is; what it found once it is done."""

    job: Job
    results: PreviewResults | None


@router.get("/{variant}", responses=answered(ParametersView))
def parameters(request: Request, variant: VariantName, _: Reader) -> Response:
    """Every parameter with its range, its source, and what was frozen."""

    def make(inputs: ViewInputs) -> ParametersView:
        loaded = world_of(request).settings(inputs.ledger)
        return read_parameters(loaded, _strategy(loaded, variant))

    return show(request, make)


@router.post("/{variant}/validate", responses=answered(Judged, bare=True))
def validate(request: Request, variant: VariantName, body: Proposed, _: Changer) -> Response:
    """Say what is wrong with values, and what is unusual; nothing is changed."""
    loaded = _loaded(request)
    return answer(judge(_strategy(loaded, variant), body.values))


@router.post("/{variant}/preview", status_code=202, responses=answered(Job, bare=True, status=202))
def preview(request: Request, variant: VariantName, body: Proposed, visitor: Changer) -> Response:
    """Ask for a backtest of the variant as it is and with these values."""
    work, loaded = jobs_of(request), _loaded(request)
    strategy_of(loaded, BacktestRequest(variant, parameters=body.values))
    now = work.project.clock.now()
    asked = {"variant": variant, "values": body.values}
    job = work.store.add("preview", asked, actor=actor_of(visitor), at=now)
    work.wake()
    location = f"/api/v1/parameters/{variant}/preview/{job.id}"
    return answer(job, 202, headers={"Location": location})


@router.get("/{variant}/preview/{ident}", responses=answered(PreviewView))
def previewed(request: Request, variant: VariantName, ident: Ident, _: Reader) -> Response:
    """A preview: how far it is, and what it found."""

    def make(_: ViewInputs) -> dict[str, Any]:
        job = of_kind(request, ident, "preview")
        if job.request["variant"] != variant:
            raise NoSuchJobError(f"is a preview of {job.request['variant']}", where=ident)
        return {"job": job, "results": result_of(request, job) if job.state == "done" else None}

    return show(request, make)


@router.put("/{variant}", responses=answered(person.ParametersSaved, bare=True))
def save(request: Request, variant: VariantName, body: Saved, visitor: Changer) -> Response:
    """Freeze and override these values, all or none; they hold from the next run on."""
    world = world_of(request)
    world.require_readable()
    now = world.clock.now()
    done = person.save(
        world.source,
        variant,
        body.values,
        expected=body.expected,
        actor=actor_of(visitor),
        at=now,
        reason=body.reason,
        via=via_of(request),
        history=lambda settings, symbols: _history(settings, symbols, now),
        require=lambda loaded: _require_savable(request, visitor, loaded, variant, body, now),
    )
    changed(request, "config", "status")
    return answer(done)


@router.delete("/{variant}", responses=answered(person.ParametersReverted, bare=True))
def revert(
    request: Request,
    variant: VariantName,
    visitor: Changer,
    reason: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """End every override of the variant's parameters; its strategy file holds again."""
    world = world_of(request)
    world.require_readable()
    now = world.clock.now()
    done = person.revert(
        world.source,
        variant,
        actor=actor_of(visitor),
        at=now,
        reason=reason,
        via=via_of(request),
        require=lambda loaded: _require_quiet(request, visitor, loaded, now),
    )
    changed(request, "config", "status")
    return answer(done)


def _loaded(request: Request) -> LoadedSettings:
    world = world_of(request)
    return world.source.load(world.clock.now())


def _strategy(loaded: LoadedSettings, variant: str) -> Strategy:
    return configured_strategies(loaded, [variant])[0]


def _history(loaded: LoadedSettings, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
    """Return the stored bars, none where they cannot be read: what was tested is then not recorded."""
    try:
        return stored_history(loaded, symbols, at)
    except JutsuError:
        return {}


def _require_quiet(request: Request, visitor: Visitor, loaded: LoadedSettings, now: datetime) -> None:
    """Raise LimitError 7 during a run and near an execution window, ElevationNeededError as it says."""
    require_proven(request, visitor)
    world_of(request).require_no_run()
    until = quiet_for_books(loaded, now, BEFORE_WINDOW)
    if until is not None:
        raise LimitError(
            f"an execution window is near: parameters stay as they are until {until:%H:%M} New York",
            where="parameters",
            remedy="try again after it",
        )


def _require_savable(
    request: Request, visitor: Visitor, loaded: LoadedSettings, variant: str, body: Saved, now: datetime
) -> None:
    """Raise LimitError 7: it is not the time, or there is no young preview of these values as all is now."""
    _require_quiet(request, visitor, loaded, now)
    job = of_kind(request, body.preview, "preview")
    found = result_of(request, job)
    same = (found["variant"], found["values"]) == (variant, body.values)
    as_now = found["parameters"] == dict(_strategy(loaded, variant).parameters)
    young = job.ended_at is not None and now - job.ended_at <= PREVIEW_AGE
    if not (same and as_now and young):
        raise LimitError(
            "not previewed within a day with exactly these values on the parameters of now",
            where=variant,
            remedy="preview exactly these values, then save them",
        )
