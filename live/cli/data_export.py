"""`jutsu data export`: daily bars as CSV files, to look at the format or to try something with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from live.cli.common import ConfigOption, echo
from live.cli.data_facts import common_settings, store_folder

if TYPE_CHECKING:
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
    store: Annotated[
        Path | None, typer.Option("--store", help="Folder of the bar store (default from the settings).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write daily bars as CSV files, one per symbol, as `--prices` and `data import` read them.

    No file is overwritten. The demo market ends with the last closed session.
    """
    from backtest.core.errors import UsageError
    from backtest.data.csv_export import write_folder

    found = _demo(config) if (source or _configured(config)) == "demo" else _stored(store, config)
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


def _stored(store: Path | None, config: Path | None) -> dict[str, Bars]:
    from backtest.data.store import BarStore

    target = BarStore(store_folder(store, config))
    return target.read(target.symbols())
