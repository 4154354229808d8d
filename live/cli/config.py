"""`jutsu config …`: what every setting is and where it came from; change, check and freeze settings."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli import config_change
from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    echo,
    emit_json,
    require_answer,
    source_of,
    table,
)
from live.settings.load import DEFAULT_CONFIG
from live.system.clock import SystemClock
from live.system.json_text import value_text

if TYPE_CHECKING:
    from backtest.core.errors import Finding
    from live.views.settings import OverrideRow, SettingsSource, SnapshotRow


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Show, check, change and freeze the settings.")
    group.command()(show)
    group.command()(check)
    # -0.3 is a value, not an option.
    group.command("set", context_settings={"ignore_unknown_options": True})(config_change.set_)
    group.command()(config_change.unset)
    group.command()(history)
    group.command()(config_change.freeze)
    app.add_typer(group, name="config")


def show(
    name: Annotated[str, typer.Argument(help="Only names that begin with this.")] = "",
    config: ConfigOption = None,
    state_db: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every setting, its value and where it came from."""
    from backtest.core.errors import UsageError
    from live.views.settings import read_settings

    rows = read_settings(source_of(config, state_db), SystemClock().now(), name)
    if as_json:
        emit_json(rows)
        return
    if not rows:
        raise UsageError(
            "no setting begins with this", where=name, remedy="`jutsu config show` lists them all"
        )
    table("", ["setting", "value", "source"], [[row.name, value_text(row.value), row.source] for row in rows])


def check(
    file: Annotated[Path | None, typer.Argument(help="Settings file (default config/live.yaml).")] = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="First bring an older file up to date; comments stay.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the settings, the strategies they name and the manifest; list everything that is wrong."""
    from backtest.core.errors import UsageError
    from live.views.settings import check_settings

    if file is not None and config is not None:
        raise UsageError("FILE and --config name the same thing", where="--config", remedy="give one")
    if migrate:
        migrate_file(file or config or DEFAULT_CONFIG)
    source, now = source_of(file or config, state_db), SystemClock().now()
    findings = check_settings(source, now) or _budget(source, now)
    if as_json:
        emit_json(findings)
    for finding in findings:
        echo(str(finding), err=True)
    if findings:
        raise typer.Exit(2)
    if not as_json:
        read = source.load(now, overrides=False).config_file
        echo(
            "the settings are fine" if read else f"no {DEFAULT_CONFIG} here: the defaults hold; they are fine"
        )


def migrate_file(path: Path) -> None:
    """Bring a settings file up to date after a yes; the old one stays beside it as `.bak`.

    Raises:
        UsageError: 2, it cannot be read, is no settings file, or nobody said yes; nothing was changed.
    """
    from difflib import unified_diff

    from backtest.core.errors import UsageError
    from backtest.core.files import read_regular, why, write_atomic
    from live.settings.migrate_file import migrate

    try:
        before = read_regular(path).decode("utf-8-sig")
        found = migrate(before)
    except (OSError, ValueError) as error:
        raise UsageError(why(error), where=str(path), remedy="name the settings file") from error
    for text in found.by_hand:
        echo(f"by hand: {text}", err=True)
    if not found.changes:
        echo("nothing to change: the file is of this version", err=True)
        return
    for text in found.changes:
        echo(text)
    lines = unified_diff(before.splitlines(), found.text.splitlines(), path.name, path.name, lineterm="", n=0)
    echo("\n".join(lines))
    if require_answer("Write it? [y/N]", "run it on a terminal").lower()[:1] != "y":
        raise UsageError("not confirmed: nothing was done", where="--migrate", remedy="type y")
    mode = path.stat().st_mode & 0o777
    write_atomic(path.with_name(f"{path.name}.bak"), before.encode(), mode)
    write_atomic(path, found.text.encode(), mode)


def _budget(source: SettingsSource, now: datetime) -> tuple[Finding, ...]:
    """Return what the budgets of sound settings cannot pay for."""
    from live.ledger.ledger import Ledger
    from live.runtime.account import account_key
    from live.views.budget import budget_findings

    loaded = source.load(now)
    path = loaded.path(loaded.settings.paths.state_db)
    if not path.exists():
        return tuple(budget_findings(loaded, None))
    with Ledger.open(path, account=account_key(loaded.settings), now=now, create=False) as ledger:
        return tuple(budget_findings(loaded, ledger))


def history(config: ConfigOption = None, state_db: StateOption = None, as_json: JsonOption = False) -> None:
    """Show every override ever made and every settings snapshot."""
    from live.views.settings import read_history

    view = read_history(source_of(config, state_db), SystemClock().now())
    if as_json:
        emit_json(view)
        return
    if view.overrides:
        names = ["name", "value", "from", "until", "by", "at", "reason"]
        table("overrides", names, [_cells(row) for row in view.overrides])
    else:
        echo("no overrides")
    if view.snapshots:
        table("settings used", ["at", "by", "reason", "sha256"], [_cells(row) for row in view.snapshots])
    else:
        echo("no run and no change yet")


def _cells(row: OverrideRow | SnapshotRow) -> list[str]:
    """Return one row for people: minutes instead of microseconds, the first 12 digits of a digest."""
    return [_cell(field.name, getattr(row, field.name)) for field in fields(row)]


def _cell(name: str, value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if value is None:
        return ""
    return str(value)[:12] if name == "sha256" else value_text(value)
