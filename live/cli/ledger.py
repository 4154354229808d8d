"""`jutsu recover`: what a person does when the ledger itself is in trouble."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import (
    ConfigOption,
    StateOption,
    echo,
    open_command,
    options_of,
    require_answer,
    table,
)

if TYPE_CHECKING:
    from datetime import datetime

    from live.ledger.restore import Restored
    from live.runtime.runtime import Runtime


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(recover)


def recover(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Replace a damaged or new ledger by the newest intact backup and ask the broker what it is missing."""
    from backtest.core.files import private_files
    from live.ledger.generation import generation_file
    from live.ledger.restore import restore, trouble_of
    from live.runtime.account import account_key
    from live.runtime.loading import Sources, settings_in_force
    from live.system.clock import SystemClock
    from live.system.lock import single_instance

    sources = Sources.of(options_of(config, state_db))
    loaded = sources.load()
    path = loaded.path(loaded.settings.paths.state_db)
    damage = trouble_of(path, path.parent / "backups")
    if damage:
        _require_agreement_to_replace(path, damage, asks=not yes)
    if not damage:
        loaded = settings_in_force(sources)  # a damaged ledger cannot be asked for its overrides
    now = SystemClock().now()
    with private_files(), single_instance(path.parent, account_key(loaded.settings), run_id="recover"):
        restored = restore(path, path.parent / "backups", now=now)
    if restored.damage:
        _print_restored(path, restored)
    elif not path.exists() and not generation_file(path).exists():
        echo(f"{path}: there is no ledger, nothing to do")
        return
    with open_command(config=config, state_db=state_db) as runtime:
        if not restored.damage and not runtime.ledger.generation.restored():
            echo(f"{path}: intact, nothing to do")
            return
        code = _rejoin(runtime, restored, now)
    raise typer.Exit(code)


def _require_agreement_to_replace(path: Path, damage: str, *, asks: bool) -> None:
    """Say what will happen to a ledger in trouble and want a yes to it.

    Raises:
        UsageError: there never was a ledger here, or the answer was no; nothing was done.
    """
    from backtest.core.errors import UsageError
    from live.ledger.restore import refuse_what_never_was_one

    if not path.parent.is_dir():
        remedy = "name it with --state-db, or run this in the project folder"
        raise UsageError("there is no ledger, nothing was done", where=str(path), remedy=remedy)
    refuse_what_never_was_one(path, path.parent / "backups")
    if not (path.exists() and asks):
        return
    echo(f"{path}: {damage}")
    echo("It will be moved aside (not deleted) and the newest intact backup takes its place.")
    if require_answer("Go on? [y/N]", "run it on a terminal, or give --yes").lower()[:1] != "y":
        raise UsageError("not confirmed: nothing was done", where="recover", remedy="type y")


def _print_restored(path: Path, restored: Restored) -> None:
    echo(f"{path}: {restored.damage}")
    if restored.aside:
        echo(f"moved aside: {restored.aside}")
    for copy in restored.rejected:
        echo(f"damaged too, not used: {copy}")
    echo(
        f"restored: {restored.backup}"
        if restored.backup
        else "no intact backup was found: the ledger starts empty"
    )


def _rejoin(runtime: Runtime, restored: Restored, now: datetime) -> int:
    """Ask the broker what the backup cannot know; return 4 or 8 when a person has to look."""
    from datetime import UTC, datetime, time, timedelta
    from functools import partial

    from live.books.owners import intended, owner_of
    from live.ledger.restore import rejoin

    first = restored.backup_day or (now - timedelta(days=60)).date()
    since = datetime.combine(first - timedelta(days=1), time(), UTC)
    runtime.ledger.state.set_kill("entries", reason="the ledger was recovered", by="jutsu recover", at=now)
    result = rejoin(
        runtime.ledger,
        runtime.broker.orders(since, now),
        mode=runtime.settings.mode,
        owner=partial(owner_of, runtime.context),
        intended=partial(intended, runtime.context),
        at=now,
    )
    for name in result.adopted:
        echo(f"taken from the broker: {name}")
    ours, theirs = runtime.ledger.positions.shares(), runtime.broker.account().shares()
    differing = [s for s in sorted(ours.keys() | theirs.keys()) if ours.get(s, 0) != theirs.get(s, 0)]
    if result.unknown:
        table(
            "orders at the broker that the ledger does not know",
            ["id", "symbol", "side", "quantity", "state", "entered"],
            [[o.order_id, o.symbol, o.side, o.quantity, o.state, o.entered_at] for o in result.unknown],
        )
    if result.unowned:
        table(
            "orders of ours that more than one book may have sent: whose are they?",
            ["id", "name", "symbol", "side", "quantity", "state"],
            [[o.order_id, o.client_order_id, o.symbol, o.side, o.quantity, o.state] for o in result.unowned],
        )
        for shown in result.unowned:
            echo(f"unowned: `jutsu resolve --broker-order {shown.order_id} --adopt --variant VARIANT`")
    if differing:
        rows = [[symbol, ours.get(symbol, 0), theirs.get(symbol, 0)] for symbol in differing]
        table("positions that differ", ["symbol", "ledger", "broker"], rows)
    echo("entries are off until a person has looked: `jutsu reconcile`, then `jutsu resume`")
    if result.unowned:
        return 8
    return 4 if differing or result.unknown else 0
