"""`jutsu doctor`: is this machine ready?"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    emit_json,
    mode_of,
    open_command,
    options_of,
    table,
)
from live.model.run import TENDING, Reading
from live.operations.health import HealthCheck, alert_problems, examine
from live.views.health import HealthView, health_of

if TYPE_CHECKING:
    from backtest.core.errors import JutsuError
    from live.runtime.options import Options
    from live.runtime.runtime import Runtime


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    *,
    alert: Annotated[bool, typer.Option("--alert", help="Send an alert when something failed.")] = False,
    first: Annotated[
        bool, typer.Option("--first-day", help="Also ask what differs at a new broker; sends no order.")
    ] = False,
    mode: Annotated[
        str | None, typer.Option("--mode", metavar="MODE", help="Judge it for this mode: offline or online.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> int:
    """Check everything a run needs; exit code 1 when something failed."""
    from live.metrics.measured import measured

    options = replace(options_of(config, state_db), mode=mode_of(mode))
    with measured("doctor", options, TENDING) if alert else nullcontext():
        return _doctor(options, alert=alert, first=first, as_json=as_json)


def _doctor(options: Options, *, alert: bool, first: bool, as_json: bool) -> int:
    from backtest.calendar.sessions import NEW_YORK
    from backtest.core.errors import JutsuError
    from live.alerts.causes import key_of
    from live.operations import first_day
    from live.runtime.lifecycle import alert_without_ledger, warn_of_undelivered
    from live.system.clock import SystemClock

    config, state_db, run = options.config, options.state_db, TENDING if alert else Reading()
    try:
        with open_command(config=config, state_db=state_db, mode=options.mode, run=run) as runtime:
            asked = first_day.look(runtime.context, runtime.broker, runtime.feed) if first else ()
            view = health_of([*examine(runtime.context, runtime.broker, runtime.feed), *asked])
            if alert:
                _tell(runtime, view)
    except JutsuError as error:
        view = not_started(error)
        if alert:
            why = error.line()
            warn_of_undelivered(
                lambda: alert_without_ledger(
                    options,
                    key=key_of("doctor_start", session=SystemClock().now().astimezone(NEW_YORK).date()),
                    title="jutsu doctor could not start",
                    body=why,
                )
            )
    if as_json:
        emit_json(view)
    else:
        show(view)
    if view.failed:
        raise typer.Exit(1)
    return 0


def not_started(error: JutsuError) -> HealthView:
    """Return what is said of a machine on which nothing can be opened."""
    return health_of([HealthCheck("start", "failed", error.line())])


def _tell(runtime: Runtime, view: HealthView) -> None:
    """Alert about failed checks and missed runs, and send what other programs could not deliver."""
    from live.alerts.outbox import flush
    from live.operations.watch import tell_missed
    from live.system.screen import complain

    tell_missed(runtime.context)
    others = [check for check in view.failed if check.name != "runs"]  # what was missed has just been told
    if others:
        alert_problems(runtime.context, others)
    for problem in flush(runtime):
        complain(f"warning: {problem}")


def show(view: HealthView) -> None:
    """Print one row per check and the verdict."""
    rows = [(c.name, c.verdict, c.detail, c.remedy) for c in view.checks]
    table("", ("check", "verdict", "detail", "what to do"), rows)
    console().print("healthy" if view.healthy else f"{len(view.failed)} check(s) failed")
