"""`jutsu kill`, `resume`, `online`, `offline`: the switches only a person may turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from live.cli.common import (
    ConfigOption,
    StateOption,
    actor,
    echo,
    open_command,
    open_emergency,
    require_answer,
)
from live.model.run import Confirming
from live.system.clock import SystemClock

if TYPE_CHECKING:
    from live.settings.model import BrokerSettings


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

    with open_emergency(config=config, state_db=state_db) as (ledger, loaded):
        switch = kill_switch.kill(
            ledger,
            level="entries" if entries_only else "all",
            reason=reason,
            actor=actor(),
            at=SystemClock().now(),
        )
        where = f" in {ledger.where}" if loaded.findings else ""
        echo(f"kill switch is ON ({switch.level}){where}: {switch.reason}. Turn it off with `jutsu resume`.")


def resume(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Turn the kill switch off, the breakers back on, and what panic switched off (cron, timers) too."""
    from live.actions import kill_switch
    from live.books import breakers
    from live.orders.attempts import panic_sells

    with open_command(config=config, state_db=state_db) as runtime:
        for trip in breakers.standing(runtime.ledger):
            echo(breakers.words(trip))
        peak = kill_switch.resume_breakers(runtime.context, runtime.broker, actor=actor())
        if peak is not None:
            echo(f"circuit breakers are set back: they are measured from {peak:,.2f} now")
        done = kill_switch.resume(runtime.ledger, actor=actor(), at=runtime.clock.now())
        echo(
            "kill switch is off: the next run trades again" if done.changed else "kill switch is already off"
        )
        for text in panic_sells(runtime.ledger.orders.unfinished()):
            echo(text)
        if not runtime.settings.account:  # panic of one account leaves the starts of the others alone
            for text in _restore_schedules(runtime.state):
                echo(text)


def _restore_schedules(state: Path) -> Iterator[str]:
    """Put back exactly what panic switched off; yield what was done, nothing when there was nothing."""
    from live.operations import timers
    from live.operations.crontab import crontab, install_crontab, restore

    changed, count = restore(crontab() or "")
    if count:
        done = install_crontab(changed)
        yield f"cron: {count} line(s) restored" if done else "cron: the crontab could NOT be changed"
    started = timers.start(state)
    yield from (f"timer started: {unit}" for unit in started.done)
    yield from (f"timer could NOT be started: {unit}" for unit in started.failed)


def online(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Confirm once, by typing it, that this account may receive real orders."""
    from live.actions import mode
    from live.cli.ready import show
    from live.ledger.system_state import CONFIRMATION
    from live.validation.rehearsal import backtest_returns
    from live.views.inputs import ViewInputs
    from live.views.readiness import read_readiness

    with open_command(config=config, state_db=state_db, mode="online_live", run=Confirming()) as runtime:
        kind = _account_kind(runtime.settings.broker)
        if kind == "alpaca paper":
            echo(
                f"account {runtime.account_name} is a paper account: online_live needs no confirmation for it"
            )
            return
        if runtime.ledger.state.online_confirmed():
            echo(f"account {runtime.account_name} is already confirmed for real orders")
            return
        view = read_readiness(ViewInputs.of(runtime.context), backtest_returns(runtime.context, runtime.feed))
        show(view)
        orders = "REAL orders" if kind == "live" else "orders to a PAPER account"
        echo(f"account {runtime.account_name}: with mode online_live the executor sends {orders}.")
        asked = "confirm" if view.ready else "go on ALTHOUGH it is not ready"
        typed = require_answer(f"Type {CONFIRMATION!r} to {asked}", "run it on a terminal", runtime=runtime)
        mode.online(runtime.ledger, typed, actor=actor(), at=runtime.clock.now(), missing=view.missing)
        echo("confirmed: set mode: online_live to trade" + (" for real" if kind == "live" else " on paper"))


def _account_kind(broker: BrokerSettings) -> Literal["live", "paper", "alpaca paper"]:
    """Return whose money the account holds; Interactive Brokers is allowed for paper accounts only."""
    if broker.name == "alpaca" and broker.alpaca.paper:
        return "alpaca paper"
    return "paper" if broker.name == "ibkr" else "live"


def offline(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Withdraw the confirmation: no real order leaves until `jutsu online`."""
    from live.actions import mode
    from live.runtime.factories import NoRealBrokerError

    try:
        with open_command(config=config, state_db=state_db, mode="online_live", run=Confirming()) as runtime:
            done = mode.offline(runtime.ledger, actor=actor(), at=runtime.clock.now())
            echo(
                f"account {runtime.account_name}: the next run in online_live is refused until `jutsu online`"
                if done.changed
                else f"account {runtime.account_name} is not confirmed for real orders"
            )
    except NoRealBrokerError:
        echo("it is offline already: broker.name is paper, whose orders never leave this machine")
