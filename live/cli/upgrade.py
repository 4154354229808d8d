"""`jutsu upgrade`: what a newer version does to this project, and doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, echo, emit_json, source_of

if TYPE_CHECKING:
    from live.views.upgrade import UpgradeView


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(upgrade)


def upgrade(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only tell; nothing is changed.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Bring the ledger up to date, a copy kept before; exit code 2 when settings or manifest need you."""
    from live.system.clock import SystemClock
    from live.views.settings import open_settings_ledger
    from live.views.upgrade import read_upgrade

    source, now = source_of(config, state_db), SystemClock().now()
    view = read_upgrade(source, now)
    if view.migrations and not check:
        with open_settings_ledger(source.load(now, overrides=False), now, create=False):
            pass  # opening migrates, in one transaction, after a copy
    if as_json:
        emit_json(view)
    else:
        _show(view, check=check)
    if view.findings:
        raise typer.Exit(2)


def _show(view: UpgradeView, *, check: bool) -> None:
    echo(f"jutsu {view.version}, ledger revision {view.newest}")
    if view.ledger is None:
        echo("there is no ledger yet")
    elif not view.migrations:
        echo(f"{view.ledger}: up to date")
    else:
        done = "will be migrated, a copy is kept before" if check else "was migrated, a copy was kept before"
        echo(f"{view.ledger}: revision {view.revision}, {done}:")
        for migration in view.migrations:
            echo(f"  {migration}")
        if check and view.at_work:
            echo(f"  not now: {view.at_work} is at work")
    if view.settings:
        echo("the settings file is of an older version; `jutsu config check --migrate` changes:")
        for change in view.settings:
            echo(f"  {change}")
    for finding in view.findings:
        echo(str(finding), err=True)
