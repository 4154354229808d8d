"""`jutsu jobs`: what waits, runs and was found; `run-due` runs it where no dashboard does."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, echo, emit_json, source_of, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.jobs.model import Job
    from live.jobs.project import JobsProject
    from live.jobs.runner import Runner
    from live.jobs.store import JobStore

JobArgument = Annotated[str, typer.Argument(metavar="ID", help="Name of the job, of `jutsu jobs list`.")]
#: seconds between two looks at the children
_EVERY_SECONDS: Final = 0.2


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Long computations: what waits, runs and was found; run those that are due.",
    )
    group.command("list")(list_)
    for command in (show, cancel, resume):
        group.command()(command)
    group.command("run-due")(run_due)
    app.add_typer(group, name="jobs")


def list_(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many, newest first.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """List the jobs, newest first."""
    with _opened(config, state_db, creates=False) as (_, store):
        jobs = store.newest(limit)
    if as_json:
        emit_json(jobs)
    elif not jobs:
        echo("no jobs yet: the page of `jutsu dashboard` asks for them")
    else:
        rows = [(j.id, j.kind, _about(j), j.state, f"{j.progress:.0%}", j.actor, j.problem) for j in jobs]
        table("", ("job", "kind", "variant", "state", "done", "by", "problem"), rows, right=("done",))


def show(
    ident: JobArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Show one job: what was asked for, how it stands, where its results and its log are."""
    with _opened(config, state_db, creates=False) as (project, store):
        job, folder = store.get(ident), project.folder(ident)
    if as_json:
        emit_json(job)
        return
    echo(f"{job.id}: {job.kind} of {_about(job)}, {job.state}, {job.progress:.0%} done")
    for name, value in job.request.items():
        if value not in ("", None, {}):
            echo(f"  {name}: {value}")
    if job.problem:
        echo(f"  problem: {job.problem}")
    echo(f"results and log: {folder}")


def cancel(ident: JobArgument, *, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """End a job that waits or runs."""
    from live.system.clock import SystemClock

    with _opened(config, state_db) as (_, store):
        job = store.cancel(ident, at=SystemClock().now())
    echo(f"{job.id}: {'is told to end' if job.stopping else job.state}")


def resume(ident: JobArgument, *, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Put a job that failed, was cancelled or interrupted back into the queue."""
    with _opened(config, state_db) as (_, store):
        job = store.resume(ident)
    echo(f"{job.id}: {job.state}")


def run_due(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Run what waits and what is due by schedule, then end; nothing starts near an execution window."""
    from live.jobs.runner import Runner
    from live.jobs.schedules import Schedules

    with _opened(config, state_db) as (project, store):
        runner = Runner(project, store)
        if not runner.begin():
            due = Schedules(store).ask_for_due(project.clock.now())
            echo(f"{len(due)} job(s) are due: another program runs the jobs of this project")
            return
        try:
            ended, waiting = _run(project, store, runner)
        finally:
            runner.stop()
    if not ended and not waiting:
        echo("no job is due")
    if waiting:
        echo(f"{waiting} job(s) wait: an execution window is near")


def _run(project: JobsProject, store: JobStore, runner: Runner) -> tuple[int, int]:
    """Run until nothing of ours runs; return how many jobs ended and how many wait."""
    ended = 0
    seen = {job.id for job in store.active()}
    while True:
        runner.tick()
        active = store.active()
        running = {job.id for job in active if job.state == "running"}
        for ident in sorted(seen - {job.id for job in active}):
            done = store.get(ident)
            echo(f"{ident}: {done.state}{f': {done.problem}' if done.problem else ''}")
            ended += 1
        seen = {job.id for job in active}
        if not running:
            return ended, len(active)
        project.clock.sleep(_EVERY_SECONDS)


@contextmanager
def _opened(
    config: Path | None, state_db: Path | None, *, creates: bool = True
) -> Iterator[tuple[JobsProject, JobStore]]:
    """Open the jobs of a project, an empty store in memory where there is none and none is to be made.

    Raises:
        SettingsError: 2, its settings are wrong.
    """
    from live.jobs.project import JobsProject
    from live.jobs.store import NAME, JobStore
    from live.system.clock import SystemClock

    project = JobsProject.of(source_of(config, state_db), SystemClock())
    path = project.state / NAME
    store = JobStore(path if creates or path.exists() else None)
    try:
        yield project, store
    finally:
        store.close()


def _about(job: Job) -> str:
    return str(job.request.get("variant", ""))
