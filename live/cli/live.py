"""`jutsu live`: both stages one after the other under one name, and the daily views beside it.

`jutsu live status`, `trades` and `export` are `jutsu status`, `trades` and `export`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, get_args

import typer

from live.cli.common import (
    AnyMode,
    ConfigOption,
    OutputOption,
    StateOption,
    echo,
    mode_of,
    require_answer,
)
from live.cli.status import status
from live.cli.trades import export, trades
from live.system.account_words import ACCOUNT

#: New York times a person may write for a window, on a day without an early close
TIMES: Final = {
    "9:30": "open",
    "09:30": "open",
    "9:45": "15min_after_open",
    "09:45": "15min_after_open",
    "15:45": "15min_before_close",
    "15:55": "5min_before_close",
    "16:00": "close",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        invoke_without_command=True, help="Run both stages now; status, trades and export beside it."
    )
    group.callback()(live)
    for command in (status, trades, export):
        group.command()(command)
    app.add_typer(group, name="live")


def live(
    context: typer.Context,
    *,
    mode: AnyMode = None,
    execution_time: Annotated[
        str | None, typer.Option("--execution-time", help="Window, or its New York time (15:55).")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Ask before the second stage.")] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="A past session (offline only).")] = None,
    prices: Annotated[Path | None, typer.Option("--prices", help="Daily CSV files.")] = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
    output_dir: OutputOption = None,
) -> None:
    """Run the generator, then the executor unless it failed; exit with the worse code.

    `--mode online` sends real orders only for an account that `jutsu online` confirmed; `--confirm` asks
    between the stages and never takes the place of that.
    """
    if context.invoked_subcommand is not None:
        return
    from live import executor, signal_generator

    given = {
        "--mode": mode_of(mode),
        "--as-of": as_of,
        "--prices": prices,
        "--config": config,
        "--state-db": state_db,
        "--output-dir": output_dir,
        "--account": ACCOUNT[0],
    }
    shared = [part for name, value in given.items() if value is not None for part in (name, str(value))]
    window = [] if execution_time is None else ["--execution-time", _window(execution_time)]
    code = signal_generator.main([*shared, *window])
    if code == 0 and confirm and not _goes_on():
        echo("stopped after the first stage: `jutsu review` shows the file")
    elif code == 0:
        code = executor.main(shared)
    raise typer.Exit(code)


def _window(text: str) -> str:
    """Return the window of a name or a time. UsageError: neither."""
    from backtest.core.decision import ExecutionTime
    from backtest.core.errors import UsageError

    found = TIMES.get(text, text)
    if found not in get_args(ExecutionTime):
        known = ", ".join((*get_args(ExecutionTime), *(at for at in TIMES if len(at) == len("09:30"))))
        raise UsageError(f"{text!r} is no execution time", where="--execution-time", remedy=f"one of {known}")
    return found


def _goes_on() -> bool:
    answer = require_answer("Execute it now? [y/N]", "run it on a terminal, or without --confirm")
    return answer.lower()[:1] == "y"
