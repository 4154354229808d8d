"""`jutsu logs`: what the programs wrote down, searched across stages and days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, echo, open_command
from live.model.run import Reading

if TYPE_CHECKING:
    from live.system.log_lines import LogEntry

_AGO: Final = re.compile(r"(\d{1,5})([dhm])")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(logs)


def logs(
    *,
    since: Annotated[str, typer.Option("--since", help="2d, 6h, 30m, or YYYY-MM-DD.")] = "2d",
    stage: Annotated[
        str | None, typer.Option("--stage", help="signal_generator, executor, jutsu, dashboard.")
    ] = None,
    level: Annotated[str | None, typer.Option("--level", help="This level and above.")] = None,
    order: Annotated[str | None, typer.Option("--order", help="Entries that name this order.")] = None,
    grep: Annotated[str | None, typer.Option("--grep", help="Entries that hold this text.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is written from now on.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> int:
    """Show log entries of every program in the order of time; exit code 1 when nothing matched."""
    from live.system.clock import HostZone, SystemClock
    from live.system.log_lines import Tail, Wanted, log_files, read_entries, watch

    clock = SystemClock()
    first, lowest = _instant(since, clock.now()), _level(level)
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        folder = runtime.loaded.path(runtime.settings.paths.logs)
        wanted = Wanted(first, stage, lowest, order, grep, account=runtime.settings.account)
    tail = Tail(folder, wanted, HostZone())
    shown = _show(read_entries(folder, wanted, HostZone()), as_json=as_json)
    if follow:
        _show(watch(tail, lambda: clock.sleep(1)), as_json=as_json)
    if not shown and not as_json:
        stages = sorted({name for name, _ in log_files(folder, Wanted(None))})
        echo(f"nothing matched in {folder}; logs are there of: {', '.join(stages) or 'none'}", err=True)
    return 0 if shown else 1


def _show(found: Iterable[LogEntry], *, as_json: bool) -> int:
    """Print each entry, as JSON one document a line; return how many."""
    import json

    from live.system.clock import HostZone
    from live.system.log_lines import words

    count = 0
    for entry in found:
        count += 1
        if as_json:
            at = entry.at.astimezone(UTC).isoformat(timespec="milliseconds")
            row = {"at": at, "level": entry.level, "stage": entry.stage, "text": entry.text}
            echo(json.dumps(row))
        else:
            echo(f"{entry.stage}: {words(entry, HostZone())}")
    return count


def _instant(text: str, now: datetime) -> datetime:
    from backtest.calendar.written import TIME, written_date, written_time
    from backtest.core.errors import UsageError
    from live.system.clock import HostZone

    if match := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        found = written_time(text) if TIME.fullmatch(text) else datetime.combine(written_date(text), time.min)
    except ValueError as error:
        remedy = "write 2d, 6h, 30m, YYYY-MM-DD or YYYY-MM-DDTHH:MM"
        raise UsageError(str(error), where="--since", remedy=remedy) from error
    return found if found.tzinfo else found.replace(tzinfo=HostZone())


def _level(text: str | None) -> str | None:
    from backtest.core.errors import UsageError
    from live.system.log_lines import LEVELS

    if text is None or text.upper() in LEVELS:
        return text and text.upper()
    raise UsageError(f"{text!r} is no level", where="--level", remedy=f"one of {', '.join(LEVELS)}")
