"""`jutsu config set | unset | freeze`: settings and parameters changed by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, StateOption, actor, echo, instant_of_change, source_of
from live.system.clock import SystemClock
from live.system.json_text import value_text

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from live.settings.load import LoadedSettings
    from live.views.settings import SettingsSource

_Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Freeze one more tested set."),
]
_Strategies = Annotated[
    list[str] | None,
    typer.Option("--strategy", help="Variant or strategy file (default: the configured books)."),
]


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
    from live.actions.settings import set_value
    from live.settings.environment import parse_text

    source = source_of(config, state_db)
    done = set_value(
        source,
        key,
        parse_text(value),
        actor=actor(),
        at=instant_of_change(source),
        reason=reason,
        effective_from=_instant(start),
        effective_until=_instant(until),
    )
    span = f" from {start}" if start else ""
    echo(f"{key} = {value_text(done.value)}{span}{f' until {until}' if until else ''}")
    kept = kept_paper_account(source) if key == "paper.initial_cash" else ""
    if kept:
        echo(kept)


def kept_paper_account(source: SettingsSource) -> str:
    """Return that another `paper.initial_cash` leaves the paper account as it is; empty before there is one.

    Raises:
        SettingsError: exit 2; the settings are wrong.
    """
    from live.runtime.factories import paper_path

    loaded = source.load(SystemClock().now(), overrides=False)
    path = paper_path(loaded.path(loaded.settings.paths.state_db))
    if not path.exists():
        return ""
    return (
        f"the paper account keeps its cash, {path} is not changed: paper.initial_cash is of a new one, which "
        "begins beside a new ledger (another paths.state_db in config/live.yaml)"
    )


def unset(
    key: Annotated[str, typer.Argument(help="Name of the setting.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the history.")] = "",
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Take an override back; the next lower source holds again."""
    from live.actions import settings

    source = source_of(config, state_db)
    done = settings.unset(source, key, actor=actor(), at=instant_of_change(source), reason=reason)
    echo(f"{key}: {done.ended} override(s) ended" if done.ended else f"{key}: nothing to take back")


def freeze(
    strategy: _Strategies = None,
    values: _Set = None,
    manifest_file: Annotated[Path | None, typer.Option("--manifest", help="Manifest to write.")] = None,
    history_floor: Annotated[
        int | None,
        typer.Option(min=1, help="Bars accepted before a first decision (default: the strategy's)."),
    ] = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Write what would trade now into the manifest; both stages then accept nothing else."""
    from live.actions import settings
    from live.settings.environment import parse_text

    changes = [item.partition("=") for item in values or []]
    done = settings.freeze(
        source_of(config, state_db),
        at=SystemClock().now(),
        selection=tuple(strategy or ()),
        values={key.strip(): parse_text(text) for key, _, text in changes},
        path=manifest_file,
        history_floor=history_floor,
        history=_history,
    )
    for finding in done.changes:
        echo(f"{finding.path}: {finding.problem}")
    for finding in done.unmeasured:
        echo(f"{finding.path}: no baseline for monitoring: {finding.problem}", err=True)
    echo(f"frozen: {done.path}" if done.changes else f"already frozen: {done.path}")


def _history(loaded: LoadedSettings, symbols: Sequence[str]) -> Mapping[str, Bars]:
    """Return the bars of the configured source; one that fails has none."""
    from backtest.core.errors import JutsuError
    from live.runtime.factories import make_feed

    if not symbols:
        return {}
    try:
        return make_feed(loaded.settings, loaded.root).history(symbols, SystemClock().now())
    except JutsuError as error:
        echo(f"the history is not frozen: {error.line()}", err=True)
        return {}


def _instant(text: str | None) -> datetime | None:
    """Parse `--from` / `--until`; naive times and dates are New York."""
    if text is None:
        return None
    from backtest.calendar.sessions import NEW_YORK
    from backtest.calendar.written import DATE, UnknownYearError, written_time
    from backtest.core.errors import UsageError

    try:
        at = written_time(f"{text}T00:00" if DATE.fullmatch(text) else text)
        return (at if at.tzinfo else at.replace(tzinfo=NEW_YORK)).astimezone(UTC)
    except ValueError as error:
        unknown = isinstance(error, UnknownYearError)
        raise UsageError(
            str(error) if unknown else f"{text!r} is not a date or time",
            where="--from / --until",
            remedy="write 2026-11-20 or 2026-11-20T15:00",
        ) from error
