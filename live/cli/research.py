"""`jutsu optimize`, `study`, `walk-forward`, `monte-carlo`: those of `python -m backtest`, word for word."""

from __future__ import annotations

import sys

import typer

_FORWARDED = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (optimize, study, walk_forward, monte_carlo):
        app.command(context_settings=dict(_FORWARDED))(command)


def optimize(context: typer.Context) -> None:
    """Try the parameter sets of a study file; stopped at any moment it goes on where it was."""
    _forward("optimize", context)


def study(context: typer.Context) -> None:
    """List, show, judge, export, verify and promote studies."""
    _forward("study", context)


def walk_forward(context: typer.Context) -> None:
    """Select inside each train window of a study, trade the window after it."""
    _forward("walk-forward", context)


def monte_carlo(context: typer.Context) -> None:
    """Resample a backtest, its parameters and its prices; put it through bad days."""
    _forward("monte-carlo", context)


def _forward(name: str, context: typer.Context) -> None:
    """Hand the words on; a refusal looks as that of every other command of `jutsu`."""
    from backtest.cli.app import main
    from live.cli.common import current_log
    from live.runtime.lifecycle import report_error

    sys.stdout.flush()
    code = main(
        [name, *context.args], program="jutsu", report=lambda error: report_error(error, current_log())
    )
    raise typer.Exit(code)
