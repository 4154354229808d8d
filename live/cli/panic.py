"""`jutsu panic`: close everything, now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from live.actions.audited import recorded
from live.cli.common import ConfigOption, StateOption, actor, echo, open_command, require_answer

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime

WORD = "PANIC"
_SHARED: Final = "the schedule is left alone: it starts the other accounts too"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(panic)


def panic(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also what no book owns: foreign shares and orders.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be ended and sold, and do nothing.")
    ] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """End our orders, sell all positions of ours, turn everything off. Works while the kill switch is on."""
    from backtest.core.errors import BrokerError, DisagreementError
    from live.execution.panic import close_everything
    from live.model.run import Emergency
    from live.runtime.lenient import diagnostics
    from live.runtime.lifecycle import delivering_after
    from live.system.lock import one_panic
    from live.system.screen import complain

    if dry_run:
        _look(config, state_db, everything=everything)
        return
    with (
        open_command(config=config, state_db=state_db, run=Emergency()) as runtime,
        delivering_after(runtime),  # no message delays a sale
    ):
        for text in diagnostics(runtime.loaded):
            complain(f"warning: {text}")
        _ask(runtime, yes=yes, everything=everything)
        subject = "everything" if everything else "our positions"
        ledger = runtime.ledger
        with (
            recorded(ledger, "panic", actor=actor(), subject=subject, clock=runtime.clock) as effect,
            one_panic(runtime.state, ledger.account),
        ):
            result = close_everything(runtime.context, runtime.broker, everything=everything)
            effect.after = "; ".join((*result.closed, *(f"left: {text}" for text in result.left)))
        for text in result.cancelled:
            echo(f"cancelled {text}")
        for text in result.closed:
            echo(f"closed {text}")
        if not runtime.settings.account:  # the starts are those of other accounts too; the switch stops ours
            for text in _stop_schedules(runtime.state):
                echo(text)
        else:
            echo(_SHARED)
        echo("kill switch is ON (all); take it back with `jutsu resume`")
        for text in result.left:
            echo(f"left: {text}")
        remedy = _remedy(runtime)
        if result.problems:
            raise BrokerError("; ".join((*result.problems, *result.left)), where="panic", remedy=remedy)
        if result.left:
            remedy = "`jutsu panic --everything` sells foreign shares and cancels foreign orders too"
            raise DisagreementError(
                f"not everything is closed: {'; '.join(result.left)}", where="panic", remedy=remedy
            )


def _remedy(runtime: Runtime) -> str:
    """Return where to look after a panic that left something; a paper account of ours has no screen."""
    if runtime.settings.mode == "offline_mock":
        return "`jutsu status` names what still waits"
    return "look at the broker's own screen now"


def _look(config: Path | None, state_db: Path | None, *, everything: bool) -> None:
    """Say what would be done now, by the broker's account."""
    from live.execution.panic_look import look
    from live.model.run import EmergencyLook

    with open_command(config=config, state_db=state_db, run=EmergencyLook()) as runtime:
        found = look(runtime.context, runtime.broker, everything=everything)
        echo(f"account {runtime.account_name}: nothing is done now")
        name = runtime.settings.account
    for title, lines in (("cancel", found.cancelled), ("sell", found.closed), ("leave", found.left)):
        for text in lines:
            echo(f"would {title} {text}")
    if not found.cancelled and not found.closed:
        echo("there is nothing to cancel and nothing to sell")
    if name:
        echo(f"and turn the kill switch of account {name} on (all); {_SHARED}")
    else:
        echo(
            "and turn the kill switch on (all), comment out the cron lines and stop the timers of both stages"
        )


def _ask(runtime: Runtime, *, yes: bool, everything: bool) -> None:
    """Say what will happen, foreign things by name, and want the word for it.

    Raises:
        UsageError: the word was not typed; nothing was done.
    """
    from backtest.core.errors import UsageError
    from live.execution.panic import foreign

    if everything:
        found = foreign(runtime.context, runtime.broker)
        for symbol, shares in found.shares.items():
            echo(f"foreign: {symbol} {shares} shares that no book owns")
        for order in found.orders:
            echo(f"foreign: {order.symbol} order {order.order_id} ({order.side} {order.quantity})")
    if yes:
        return
    what = "every position and order above too" if everything else "the positions of our books"
    echo(f"Account {runtime.account_name}: this ends our orders and sells {what}.")
    remedy = "run it on a terminal, or give --yes"
    if require_answer(f"Type {WORD} to go on", remedy, runtime=runtime) != WORD:
        raise UsageError("not confirmed: nothing was done", where="panic", remedy=f"type {WORD}")


def _stop_schedules(state: Path) -> Iterator[str]:
    """Stop cron lines and timers of both stages; yield what was done."""
    from live.operations import timers
    from live.operations.crontab import comment_out, crontab, install_crontab

    text = crontab()
    changed, count = comment_out(text) if text else ("", 0)
    if not count:
        yield "cron: nothing to disable"
    else:
        done = install_crontab(changed)
        yield f"cron: {count} line(s) commented out" if done else "cron: the crontab could NOT be changed"
    stopped = timers.stop(state)
    yield from (f"timer stopped: {unit}" for unit in stopped.done)
    yield from (f"timer could NOT be stopped: {unit}" for unit in stopped.failed)
