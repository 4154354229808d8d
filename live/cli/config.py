"""`jutsu config …`: what every setting is and where it came from; change, check and freeze settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, emit_json, table

if TYPE_CHECKING:
    from datetime import datetime

    from live.settings.load import LoadedSettings

_Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Freeze this value instead.")
]
_Strategies = Annotated[
    list[str] | None,
    typer.Option("--strategy", help="Variant or strategy file (default: the configured books)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Show, check, change and freeze the settings.")
    group.command()(show)
    group.command()(check)
    # -0.3 is a value, not an option.
    group.command("set", context_settings={"ignore_unknown_options": True})(set_)
    group.command()(unset)
    group.command()(history)
    group.command()(freeze)
    app.add_typer(group, name="config")


def show(
    name: Annotated[str, typer.Argument(help="Only names that begin with this.")] = "",
    config: ConfigOption = None,
    state_db: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every setting, its value and where it came from."""
    from backtest.core.errors import UsageError

    rows = [row for row in _load(config, state_db).rows() if row.name.startswith(name)]
    if as_json:
        emit_json([{"name": row.name, "value": row.value, "source": row.source} for row in rows])
        return
    if not rows:
        raise UsageError(
            "no setting begins with this", where=name, remedy="`jutsu config show` lists them all"
        )
    table("", ["setting", "value", "source"], [[row.name, _text(row.value), row.source] for row in rows])


def check(
    file: Annotated[Path | None, typer.Argument(help="Settings file (default config/live.yaml).")] = None,
    state_db: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the settings, the strategies they name and the manifest; list everything that is wrong."""
    from backtest.core.errors import Finding, JutsuError

    findings: list[Finding] = []
    try:
        loaded = _load(file, state_db)
    except JutsuError as error:
        findings += error.findings or [Finding(error.where, error.problem, error.remedy)]
    else:
        findings += _check_strategies(loaded)
    if as_json:
        emit_json([{"path": f.path, "problem": f.problem, "remedy": f.remedy} for f in findings])
    for finding in findings:
        typer.echo(str(finding), err=True)
    if findings:
        raise typer.Exit(2)
    if not as_json:
        typer.echo("the settings are fine")


def set_(
    key: Annotated[str, typer.Argument(help="e.g. safety.max_drift_pct or strategy.golden.sma_fast")],
    value: Annotated[str, typer.Argument(help="The new value (JSON, or plain text).")],
    start: Annotated[str | None, typer.Option("--from", help="When it begins (default: now).")] = None,
    until: Annotated[str | None, typer.Option("--until", help="When it ends (default: never).")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the history.")] = "",
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Override a setting from the ledger; it wins over environment and file until it is unset."""
    from live.settings import manifest
    from live.settings.load import parse_text
    from live.system.clock import SystemClock

    parsed = parse_text(value)
    now = SystemClock().now()
    _judge(key, parsed, config, state_db)
    loaded = _load(config, state_db)
    manifest.refuse_override(loaded.path(loaded.settings.paths.manifest), key, parsed)
    with _ledger(loaded, now) as ledger, ledger.transaction():
        ledger.config.set(
            key,
            parsed,
            at=now,
            by=_user(),
            reason=reason,
            effective_from=_instant(start),
            effective_until=_instant(until),
        )
        _remember(ledger, config, state_db, now, reason or f"set {key} = {_text(parsed)}")
    span = f" from {start}" if start else ""
    typer.echo(f"{key} = {_text(parsed)}{span}{f' until {until}' if until else ''}")


def unset(
    key: Annotated[str, typer.Argument(help="Name of the setting.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the history.")] = "",
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Take an override back; the next lower source holds again."""
    from live.system.clock import SystemClock

    now = SystemClock().now()
    with _ledger(_load(config, state_db, overrides=False), now) as ledger, ledger.transaction():
        ended = ledger.config.unset(key, at=now)
        _remember(ledger, config, state_db, now, reason or f"unset {key}")
    typer.echo(f"{key}: {ended} override(s) ended" if ended else f"{key}: nothing to take back")


def history(config: ConfigOption = None, state_db: StateOption = None, as_json: JsonOption = False) -> None:
    """Show every override ever made and every settings snapshot."""
    from live.system.clock import SystemClock

    with _ledger(_load(config, state_db, overrides=False), SystemClock().now(), create=False) as ledger:
        overrides, snapshots = ledger.config.overrides(), ledger.config.history()
    changes = [
        {
            "name": row.parameter_name,
            "value": row.override_value,
            "from": row.effective_from,
            "until": row.effective_until,
            "by": row.created_by,
            "at": row.created_at,
            "reason": row.reason,
        }
        for row in overrides
    ]
    kept = [
        {"at": row.created_at, "by": row.changed_by, "reason": row.change_reason, "sha256": row.config_sha256}
        for row in snapshots
    ]
    if as_json:
        emit_json({"overrides": changes, "snapshots": kept})
        return
    if changes:
        names = ["name", "value", "from", "until", "by", "at", "reason"]
        table("overrides", names, [_cells(row) for row in changes])
    else:
        typer.echo("no overrides")
    if kept:
        table("settings used", ["at", "by", "reason", "sha256"], [_cells(row) for row in kept])
    else:
        typer.echo("no run and no change yet")


def freeze(
    strategy: _Strategies = None,
    values: _Set = None,
    manifest_file: Annotated[Path | None, typer.Option("--manifest", help="Manifest to write.")] = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Write what would trade now into the manifest; both stages then accept nothing else."""
    from live.settings import manifest
    from live.settings.load import parse_text

    changes = [item.partition("=") for item in values or []]
    parsed = {key.strip(): parse_text(text) for key, _, text in changes}
    loaded = _load(config, state_db, flags=parsed)
    path = manifest_file or loaded.path(loaded.settings.paths.manifest)
    changed = manifest.freeze(path, _strategies(loaded, strategy), loaded.settings)
    for finding in changed:
        typer.echo(f"{finding.path}: {finding.problem}")
    typer.echo(f"frozen: {path}" if changed else f"already frozen: {path}")


def _load(
    config: Path | None, state_db: Path | None, *, flags: dict[str, Any] | None = None, overrides: bool = True
) -> LoadedSettings:
    from live.runtime.loading import Sources, settings_in_force
    from live.runtime.options import Options

    sources = Sources.of(Options(config=config, state_db=state_db), further=flags)
    return settings_in_force(sources) if overrides else sources.load()


def _ledger(loaded: LoadedSettings, now: datetime, *, create: bool = True) -> Any:
    from live.ledger.ledger import Ledger
    from live.ledger.system_state import EVERY_ACCOUNT

    return Ledger.open(
        loaded.path(loaded.settings.paths.state_db), account=EVERY_ACCOUNT, now=now, create=create
    )


def _judge(key: str, value: Any, config: Path | None, state_db: Path | None) -> None:
    """Refuse an override that could not be loaded, before it is stored."""
    from backtest.core.errors import UsageError
    from live.settings import names

    if key.startswith("paths."):
        raise UsageError(
            "places cannot be changed from inside the ledger",
            where=key,
            remedy="use config/live.yaml, the environment or a flag",
        )
    loaded = _load(config, state_db, flags={key: value})
    if names.is_parameter(key):
        variant, parameter = key.split(".")[1:]
        (strategy,) = _strategies(loaded, [variant], plain=True)
        strategy.with_parameters({parameter: value})


def _strategies(loaded: LoadedSettings, selection: list[str] | None, *, plain: bool = False) -> list[Any]:
    from backtest.strategies.registry import find_strategy

    books = loaded.settings.books
    wanted = selection or [name for book in books for name in (book.primary, *book.shadows)]
    found = []
    for name in wanted:
        strategy = find_strategy(name, loaded.path(loaded.settings.paths.strategies))
        changes = {k: v for k, (v, _) in loaded.parameter_overrides.get(strategy.variant, {}).items()}
        found.append(strategy if plain or not changes else strategy.with_parameters(changes))
    return found


def _check_strategies(loaded: LoadedSettings) -> list[Any]:
    from backtest.core.errors import Finding, JutsuError
    from live.settings import manifest

    try:
        strategies = _strategies(loaded, None)
        return list(manifest.check(loaded.path(loaded.settings.paths.manifest), strategies, loaded.settings))
    except JutsuError as error:
        return list(error.findings) or [Finding(error.where, error.problem, error.remedy)]


def _remember(ledger: Any, config: Path | None, state_db: Path | None, now: datetime, reason: str) -> None:
    from live.runtime.loading import Sources
    from live.runtime.options import Options
    from live.settings.load import settings_sha256, snapshot

    sources = Sources.of(Options(config=config, state_db=state_db))
    settings = sources.load(ledger.config.active(now)).settings
    ledger.config.remember(settings_sha256(settings), snapshot(settings), by=_user(), reason=reason, at=now)


def _instant(text: str | None) -> datetime | None:
    """Parse `--from` / `--until`; naive times and dates are New York."""
    if text is None:
        return None
    from datetime import UTC, datetime

    from backtest.calendar.sessions import NEW_YORK
    from backtest.core.errors import UsageError

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a date or time",
            where="--from / --until",
            remedy="write 2026-11-20 or 2026-11-20T15:00",
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=NEW_YORK)).astimezone(UTC)


def _user() -> str:
    import getpass

    return getpass.getuser()


def _cells(row: dict[str, Any]) -> list[str]:
    """Return one row for people: minutes instead of microseconds, the first 12 digits of a digest."""
    from datetime import datetime

    short = {key: f"{at:%Y-%m-%d %H:%M} UTC" for key, at in row.items() if isinstance(at, datetime)}
    if row.get("sha256"):
        short["sha256"] = str(row["sha256"])[:12]
    return ["" if value is None else _text(value) for value in (row | short).values()]


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
