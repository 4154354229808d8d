"""`jutsu data export`: daily bars as CSV files, to look at the format or to try something with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from live.cli.common import ConfigOption, echo
from live.cli.data_facts import common_settings, store_folder

if TYPE_CHECKING:
    from datetime import datetime

    from backtest.core.bars import Bars


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the files that are made.")],
    *,
    source: Annotated[
        Literal["demo", "store"] | None,
        typer.Option(help="The made-up market or the bar store (default: as data.source says)."),
    ] = None,
    symbols: Annotated[
        list[str] | None, typer.Option("--symbol", help="Only this one; repeatable. Default: all.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", metavar="TIME", help="As the store knew them then: 2026-11-20T16:00."),
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="Folder of the bar store (default from the settings).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write daily bars as CSV files, one per symbol, as `--prices` and `data import` read them.

    No file is overwritten. The demo market ends with the last closed session. A time of `--known-at` without
    a zone is New York's, a day alone its end; the store is exported then.
    """
    from backtest.core.errors import UsageError
    from backtest.data.csv_export import write_folder

    instant = instant_of(known_at)
    if instant is not None and source == "demo":
        raise UsageError("the demo market has no past versions", where="--known-at", remedy="leave it out")
    chosen = source or ("store" if instant is not None else _configured(config))
    found = _demo(config) if chosen == "demo" else _stored(store, config, instant)
    wanted = [name.strip().upper() for name in symbols or ()]
    missing = sorted(set(wanted) - found.keys())
    if missing or not found:
        known = f"it has {', '.join(sorted(found))}" if found else "fill it with `jutsu data import DIR`"
        problem = f"there is no {', '.join(missing)}" if missing else "the bar store is empty"
        raise UsageError(problem, where="--symbol" if missing else "--store", remedy=known)
    paths = write_folder(directory, [found[name] for name in wanted or found])
    echo(f"{len(paths)} file(s) written to {directory}: {', '.join(path.name for path in paths)}")


def _configured(config: Path | None) -> str:
    return common_settings(config).data.source


def _demo(config: Path | None) -> dict[str, Bars]:
    from backtest.calendar import sessions as calendar
    from backtest.data.sources.demo import demo_market
    from live.system.clock import SystemClock

    seed = common_settings(config).data.demo_seed
    return demo_market(seed, calendar.last_closed_session(SystemClock().now()).day)


def instant_of(text: str | None) -> datetime | None:
    """Return the instant a person wrote, None for None. UsageError: it is none."""
    from datetime import datetime, timedelta

    from backtest.calendar.sessions import NEW_YORK
    from backtest.core.errors import UsageError

    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "write it like 2026-11-20 or 2026-11-20T16:00"
        raise UsageError(f"{text!r} is no time", where="--known-at", remedy=remedy) from error
    if len(text) <= len("2026-11-20"):
        at += timedelta(days=1) - timedelta(seconds=1)
    return at if at.tzinfo is not None else at.replace(tzinfo=NEW_YORK)


def _stored(store: Path | None, config: Path | None, known_at: datetime | None) -> dict[str, Bars]:
    from backtest.data.store import BarStore

    target = BarStore(store_folder(store, config))
    return target.read(target.symbols(), known_at=known_at)
