"""`jutsu kill`, `resume`, `online`, `offline`: the switches only a person may turn."""

from __future__ import annotations

from typing import Annotated

import typer

from live.cli.common import ConfigOption, StateOption, actor, open_command
from live.model.run import Confirming


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(kill)
    app.command()(resume)
    app.command()(online)
    app.command()(offline)


def kill(
    reason: Annotated[str, typer.Option("--reason", help="Why; shown by status.")] = "by hand",
    *,
    entries_only: Annotated[bool, typer.Option("--entries-only", help="Exits and stops still go.")] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Turn the kill switch on: no order leaves until `jutsu resume`."""
    from live.actions import kill_switch

    with open_command(config=config, state_db=state_db) as runtime:
        switch = kill_switch.kill(
            runtime.ledger,
            level="entries" if entries_only else "all",
            reason=reason,
            actor=actor(),
            at=runtime.clock.now(),
        )
        typer.echo(f"kill switch is ON ({switch.level}): {switch.reason}. Turn it off with `jutsu resume`.")


def resume(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Turn the kill switch off, and the circuit breakers back on after showing what tripped them."""
    from live.actions import kill_switch
    from live.books import breakers

    with open_command(config=config, state_db=state_db) as runtime:
        for trip in breakers.standing(runtime):
            typer.echo(breakers.words(trip))
        peak = kill_switch.resume_breakers(runtime, actor=actor())
        if peak is not None:
            typer.echo(f"circuit breakers are set back: they are measured from {peak:,.2f} now")
        done = kill_switch.resume(runtime.ledger, actor=actor(), at=runtime.clock.now())
        typer.echo(
            "kill switch is off: the next run trades again" if done.changed else "kill switch is already off"
        )


def online(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Confirm once, by typing it, that this account may receive real orders."""
    from live.actions import mode
    from live.ledger.system_state import CONFIRMATION

    with open_command(config=config, state_db=state_db, mode="online_live", run=Confirming()) as runtime:
        if runtime.ledger.state.online_confirmed():
            typer.echo(f"account {runtime.account} is already confirmed for real orders")
            return
        typer.echo(f"account {runtime.account}: with mode online_live the executor sends REAL orders.")
        typed = typer.prompt(f"Type {CONFIRMATION!r} to confirm", default="", show_default=False)
        mode.online(runtime.ledger, typed, actor=actor(), at=runtime.clock.now())
        typer.echo("confirmed: set mode: online_live to trade for real")


def offline(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Withdraw the confirmation: no real order leaves until `jutsu online`."""
    from live.actions import mode

    with open_command(config=config, state_db=state_db, mode="online_live", run=Confirming()) as runtime:
        done = mode.offline(runtime.ledger, at=runtime.clock.now())
        typer.echo(
            f"account {runtime.account}: the next run in online_live is refused until `jutsu online`"
            if done.changed
            else f"account {runtime.account} is not confirmed for real orders"
        )
