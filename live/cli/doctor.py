"""`jutsu doctor`: is this machine ready?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    emit_json,
    open_command,
    table,
)
from live.model.run import DAILY, Reading
from live.operations.health import Check, alert_problems, examine


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    *,
    alert: Annotated[bool, typer.Option("--alert", help="Send an alert when something failed.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> int:
    """Check everything a run needs; exit code 1 when something failed."""
    from backtest.core.errors import JutsuError

    try:
        with open_command(config=config, state_db=state_db, run=DAILY if alert else Reading()) as runtime:
            checks = list(examine(runtime))
            failed = [check for check in checks if check.verdict == "failed"]
            if alert and failed:
                alert_problems(runtime, failed)
    except JutsuError as error:
        checks = [Check("start", "failed", error.line())]
        failed = checks
    if as_json:
        emit_json({"healthy": not failed, "checks": [asdict(check) for check in checks]})
    else:
        table(
            "",
            ("check", "verdict", "detail", "what to do"),
            [(c.name, c.verdict, c.detail, c.remedy) for c in checks],
        )
        console().print("healthy" if not failed else f"{len(failed)} check(s) failed")
    if failed:
        raise typer.Exit(1)
    return 0
