"""`jutsu kill`, `resume`, `online`: the switches only a person may turn."""

from __future__ import annotations

import getpass
from typing import Annotated, Literal

import typer

from live.cli.common import ConfigOption, StateOption, open_command
from live.model.run import Confirming


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(kill)
    app.command()(resume)
    app.command()(online)


def kill(
    reason: Annotated[str, typer.Option("--reason", help="Why; shown by status.")] = "by hand",
    *,
    entries_only: Annotated[bool, typer.Option("--entries-only", help="Exits and stops still go.")] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Turn the kill switch on: no order leaves until `jutsu resume`."""
    with open_command(config=config, state_db=state_db) as runtime:
        level: Literal["entries", "all"] = "entries" if entries_only else "all"
        runtime.ledger.state.set_kill(level, reason=reason, by=getpass.getuser(), at=runtime.clock.now())
        typer.echo(f"kill switch is ON ({level}): {reason}. Turn it off with `jutsu resume`.")


def resume(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Turn the kill switch off."""
    with open_command(config=config, state_db=state_db) as runtime:
        if runtime.ledger.state.kill_level() == "none":
            typer.echo("kill switch is already off")
            return
        runtime.ledger.state.clear_kill(by=getpass.getuser(), at=runtime.clock.now())
        typer.echo("kill switch is off: the next run trades again")


def online(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Confirm once, by typing it, that this account may receive real orders."""
    from live.ledger.system_state import CONFIRMATION

    with open_command(config=config, state_db=state_db, mode="online_live", run=Confirming()) as runtime:
        if runtime.ledger.state.online_confirmed():
            typer.echo(f"account {runtime.account} is already confirmed for real orders")
            return
        typer.echo(f"account {runtime.account}: with mode online_live the executor sends REAL orders.")
        typed = typer.prompt(f"Type {CONFIRMATION!r} to confirm", default="", show_default=False)
        runtime.ledger.state.confirm_online(typed, by=getpass.getuser(), at=runtime.clock.now())
        typer.echo("confirmed: set mode: online_live to trade for real")
