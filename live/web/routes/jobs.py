"""Jobs and their schedules: backtests now. Scope `jobs`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header
from fastapi import Path as PathParameter
from pydantic import Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from live.jobs.backtest import BacktestRequest, BacktestResults, read_result, strategy_of
from live.jobs.errors import JobStateError, NoSuchJobError
from live.jobs.model import ACTIVE, Job, JobKind, Schedule
from live.jobs.runner import BEFORE_WINDOW
from live.operations.quiet_times import quiet_for_books
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import Cursor, Limit, Page, actor_of, page, served_of, show
from live.web.routes.signals import Body

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs
    from live.web.background import Jobs

router = APIRouter()
Worker = Annotated[Visitor, needs("jobs")]
Ident = Annotated[str, PathParameter(max_length=40, pattern=r"^[0-9A-Za-z-]+$", description="Name.")]
Key = Annotated[str | None, Header(max_length=128, description="Asking again with it starts nothing new.")]
_MOST = 1000


class BacktestAsked(Body):
    """A variant over its bars; what is left out is as the settings say."""

    variant: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")
    strategy: str = Field(default="", max_length=64)
    start_date: date | None = None
    end_date: date | None = None
    initial_capital: float | None = Field(default=None, gt=0, strict=True, allow_inf_nan=False)
    commission: float | None = Field(default=None, ge=0, strict=True, allow_inf_nan=False)
    parameters: dict[str, JsonValue] = Field(default_factory=dict, max_length=100)
    seed: int | None = Field(default=None, ge=0, strict=True)

    def request(self) -> BacktestRequest:
        """Return what a job is asked with."""
        return BacktestRequest(**self.model_dump())


class ScheduleAsked(Body):
    """A backtest that is asked for at the times of a cron expression, New York time."""

    name: str = Field(min_length=1, max_length=64)
    request: BacktestAsked
    cron_expression: str = Field(max_length=100)
    enabled: bool = True


class ScheduleChange(Body):
    """What is different in a schedule; what is left out stays."""

    enabled: bool | None = None
    cron_expression: str | None = Field(default=None, max_length=100)


@dataclass(frozen=True, slots=True)
class JobList:
    """Jobs, newest first.

    Attributes:
        next: cursor of the next page, None on the last.
        quiet_until: none begins before this instant, because an execution window is near.
    """

    items: tuple[Job, ...]
    next: str | None
    quiet_until: datetime | None


@router.get("/jobs", responses=answered(JobList))
def jobs(request: Request, _: Worker, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Every job of any kind, newest first."""
    work = jobs_of(request)

    def make(inputs: ViewInputs) -> JobList:
        found = page(work.store.newest(_MOST), limit, cursor, lambda job: job.id)
        quiet = quiet_for_books(work.project.source.load(inputs.now), inputs.now, BEFORE_WINDOW)
        return JobList(found.items, found.next, quiet)

    return show(request, make)


@router.post("/jobs/{ident}/resume", status_code=202, responses=answered(Job, bare=True, status=202))
def resume(request: Request, ident: Ident, _: Worker) -> Response:
    """Put a job that failed, was cancelled or interrupted back into the queue."""
    work = jobs_of(request)
    job = work.store.resume(ident)
    work.wake()
    return answer(job, 202)


@router.get("/backtest", responses=answered(Page[Job]))
def backtests(request: Request, _: Worker, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The backtests, newest first."""
    store = jobs_of(request).store
    return show(
        request, lambda _: page(store.newest(_MOST, ("backtest",)), limit, cursor, lambda job: job.id)
    )


@router.post("/backtest", status_code=202, responses=answered(Job, bare=True, status=202))
def ask(request: Request, visitor: Worker, body: BacktestAsked, idempotency_key: Key = None) -> Response:
    """Ask for a backtest; `Location` is where it is found."""
    work, asked = jobs_of(request), body.request()
    now = work.project.clock.now()
    strategy_of(work.project.source.load(now), asked)
    job = work.store.add(
        "backtest", asked.document(), actor=actor_of(visitor), at=now, key=_key(visitor, idempotency_key)
    )
    work.wake()
    return answer(job, 202, headers={"Location": f"/api/v1/backtest/{job.id}"})


@router.get("/backtest/{ident}", responses=answered(Job))
def backtest(request: Request, ident: Ident, _: Worker) -> Response:
    """One backtest and how far it is."""
    return show(request, lambda _: of_kind(request, ident, "backtest"))


@router.get("/backtest/{ident}/results", responses=answered(BacktestResults))
def results(request: Request, ident: Ident, _: Worker) -> Response:
    """Figures and curves of a backtest that is done."""
    return show(request, lambda _: result_of(request, of_kind(request, ident, "backtest")))


@router.delete("/backtest/{ident}", responses=answered(Job, bare=True))
def end(request: Request, ident: Ident, _: Worker) -> Response:
    """Cancel a backtest that waits or runs; forget one that has ended, with its results."""
    return ended(request, of_kind(request, ident, "backtest"))


@router.get("/schedule/jobs", responses=answered(tuple[Schedule, ...]))
def schedules(request: Request, _: Worker) -> Response:
    """Every schedule with its next five times."""
    return show(request, lambda inputs: jobs_of(request).schedules.all(inputs.now))


@router.post("/schedule/backtest", status_code=201, responses=answered(Schedule, bare=True, status=201))
def add_schedule(request: Request, visitor: Worker, body: ScheduleAsked) -> Response:
    """Ask for a backtest again and again; a time that was missed is made up once."""
    work, asked = jobs_of(request), body.request.request()
    now = work.project.clock.now()
    strategy_of(work.project.source.load(now), asked)
    made = work.schedules.add(
        body.name,
        "backtest",
        asked.document(),
        body.cron_expression,
        actor=actor_of(visitor),
        at=now,
        enabled=body.enabled,
    )
    work.wake()
    return answer(made, 201)


@router.patch("/schedule/{ident}", responses=answered(Schedule, bare=True))
def change_schedule(request: Request, ident: Ident, _: Worker, body: ScheduleChange) -> Response:
    """Switch a schedule on or off, or give it other times."""
    work = jobs_of(request)
    done = work.schedules.change(
        ident, at=work.project.clock.now(), enabled=body.enabled, expression=body.cron_expression
    )
    work.wake()
    return answer(done)


@router.delete("/schedule/{ident}", responses=answered(dict[str, str], bare=True))
def remove_schedule(request: Request, ident: Ident, _: Worker) -> Response:
    """Forget a schedule; its jobs stay."""
    work = jobs_of(request)
    work.schedules.remove(ident, work.project.clock.now())
    work.wake()
    return answer({"removed": ident})


def jobs_of(request: Request) -> Jobs:
    """Return the jobs of the account a request is about."""
    return served_of(request).jobs


def of_kind(request: Request, ident: str, kind: JobKind) -> Job:
    """Return a job of a kind. NoSuchJobError 2: there is none."""
    job = jobs_of(request).store.get(ident)
    if job.kind != kind:
        raise NoSuchJobError(f"is a {job.kind}, not a {kind}", where=ident, remedy="`jutsu jobs list`")
    return job


def result_of(request: Request, job: Job) -> Any:
    """Return what a job found. JobStateError 7: it is not done. DataError 5: its file is gone."""
    if job.state != "done":
        raise JobStateError(f"is {job.state}", where=job.id, remedy="its results come when it is done")
    return read_result(jobs_of(request).project.folder(job.id))


def ended(request: Request, job: Job) -> Response:
    """Cancel a job that is active; forget one that has ended, with its folder."""
    work = jobs_of(request)
    if job.state in ACTIVE:
        job = work.store.cancel(job.id, at=work.project.clock.now())
    else:
        work.store.remove(job.id)
        shutil.rmtree(work.project.folder(job.id), ignore_errors=True)
    work.wake()
    return answer(job)


def _key(visitor: Visitor, given: str | None) -> str | None:
    """Return the key of a request as one of this visitor alone."""
    return None if given is None else f"{visitor.name}: {given}"
