"""`jutsu panic`: close everything, now."""

from __future__ import annotations

from typing import Annotated

import typer

from live.cli.common import ConfigOption, StateOption, open_command

WORD = "PANIC"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(panic)


def panic(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Cancel every order, sell every position, turn everything off. Works while the kill switch is on."""
    from backtest.core.errors import BrokerError, UsageError
    from live.execution.panic import close_everything

    with open_command(config=config, state_db=state_db) as runtime:
        if not yes:
            typer.echo(f"Account {runtime.account}: this cancels every order and sells every position.")
            if typer.prompt(f"Type {WORD} to go on", default="", show_default=False).strip() != WORD:
                raise UsageError("not confirmed: nothing was done", where="panic", remedy=f"type {WORD}")
        result = close_everything(runtime)
        for text in result.cancelled:
            typer.echo(f"cancelled {text}")
        for text in result.closed:
            typer.echo(f"closed {text}")
        typer.echo(_disable_cron())
        typer.echo("kill switch is ON (all); take it back with `jutsu resume`")
        if result.problems:
            raise BrokerError(
                "; ".join(result.problems), where="panic", remedy="look at the broker's own screen now"
            )


def _disable_cron() -> str:
    from live.operations.crontab import comment_out, crontab, install_crontab

    text = crontab()
    if not text:
        return "cron: nothing to disable"
    changed, count = comment_out(text)
    if not count:
        return "cron: nothing to disable"
    done = install_crontab(changed)
    return f"cron: {count} line(s) commented out" if done else "cron: the crontab could NOT be changed"
