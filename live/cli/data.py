"""`jutsu data`: the bar store, and what a person says about prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from backtest.core.bar_words import Timeframe
from live.cli import data_minutes
from live.cli.common import ConfigOption, JsonOption, echo, emit_json, table
from live.cli.data_facts import known_facts, store_folder
from live.cli.progress import progress

if TYPE_CHECKING:
    from backtest.data.quality.known import Known
    from backtest.data.sources.csv_dialect.model import Judged
    from backtest.data.store import BarStore

StoreOption = Annotated[
    Path | None, typer.Option("--store", help="Folder of the bar store (default from the settings).")
]

AcceptSplitOption = Annotated[
    bool, typer.Option("--accept-split", help="Rescale stored prices after a split or dividend adjustment.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="ROLE=COLUMN", help="Which column holds what: close=Last, date=#1."),
]
SymbolOption = Annotated[
    str | None, typer.Option(help="Symbol of the file, or the one to take from a file of several.")
]
DateFormatOption = Annotated[
    str | None, typer.Option(help="How dates are written: %m/%d/%Y, DD.MM.YYYY, epoch_s.")
]
BasisOption = Annotated[
    str | None, typer.Option(help="What the prices hold: raw, split or total (default split).")
]
AdjCloseOption = Annotated[
    bool, typer.Option("--use-adj-close", help="Scale all four prices by Adj Close / Close: basis total.")
]
DecimalOption = Annotated[str | None, typer.Option(help="Decimal sign: dot or comma.")]
TimeframeOption = Annotated[Timeframe, typer.Option(help="Length of the bars.")]
StampOption = Annotated[
    str | None, typer.Option(help="What minute bars are stamped with: open (default) or close.")
]
TimeZoneOption = Annotated[
    str | None, typer.Option(metavar="ZONE", help="Clock of minutes that name no zone: America/New_York.")
]
AcceptRevisionOption = Annotated[
    bool, typer.Option("--accept-revision", help="Stored minutes may change by more than rounding.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what was recognised; store nothing.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    from live.cli.data_check import check
    from live.cli.data_export import export
    from live.cli.data_prices import confirm, split
    from live.cli.data_sync import sync

    group = typer.Typer(
        no_args_is_help=True,
        help="The bar store: sync, check, import, list, verify, export; confirm a price, record a split.",
    )
    group.command("sync")(sync)
    group.command("check")(check)
    group.command("import")(import_data)
    group.command("list")(list_data)
    group.command("verify")(verify)
    group.command("export")(export)
    group.command("confirm")(confirm)
    group.command("split")(split)
    app.add_typer(group, name="data")


def import_data(
    path: Annotated[Path, typer.Argument(help="Folder of CSV files, one per symbol, or one file.")],
    *,
    source: Annotated[Literal["csv"], typer.Option(help="Format of the folder.")] = "csv",
    store: StoreOption = None,
    accept_split: AcceptSplitOption = False,
    columns: MapOption = None,
    symbol: SymbolOption = None,
    date_format: DateFormatOption = None,
    basis: BasisOption = None,
    use_adj_close: AdjCloseOption = False,
    decimal: DecimalOption = None,
    timeframe: TimeframeOption = "1d",
    stamp: StampOption = None,
    time_zone: TimeZoneOption = None,
    accept_revision: AcceptRevisionOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Recognise the format of daily CSV files, check the bars and merge them into the store.

    Nothing is asked and nothing is guessed: a file that can be read in two ways stops with exit code 5 and
    the flag that decides. Nothing is written when anything is wrong. `--timeframe 1m`: a file of minute bars.
    """
    minutes = data_minutes.MinuteFlags(timeframe, stamp, time_zone, accept_revision)
    minutes.require_alone((columns, date_format, basis, decimal, use_adj_close, accept_split))
    if minutes.wanted:
        target = store_folder(store, config)
        with progress("reading") as tick:
            minutes.import_file(path, target, symbol, dry_run=dry_run, as_json=as_json, tick=tick)
        return
    from backtest.data.sources.csv import read_import
    from backtest.data.sources.csv_dialect.options import csv_options
    from backtest.data.store import BarStore

    del source  # the one format of files; vendors are not imported but synchronised
    options = csv_options(
        columns=columns or (),
        symbol=symbol,
        date_format=date_format,
        basis=basis,
        use_adj_close=use_adj_close,
        decimal=decimal,
    )
    with progress("reading") as tick:
        read = read_import(path, options, progress=tick)
    if not as_json:
        for judged in read:
            echo(judged.recognised())
    if dry_run:
        if as_json:
            emit_json({"recognised": [judged.document() for judged in read]})
        return
    bar_store, known = BarStore(store_folder(store, config)), known_facts(config)
    _store_bars(read, bar_store, known, accept_split=accept_split, as_json=as_json)


def _store_bars(
    read: Sequence[Judged], target: BarStore, known: Known, *, accept_split: bool, as_json: bool
) -> None:
    from backtest.data.importing import import_bars
    from live.system.clock import SystemClock

    with progress("storing") as tick:
        results = import_bars(
            target,
            {judged.bars.symbol: judged.bars for judged in read},
            imported_at=SystemClock().now(),
            accept_split=accept_split,
            known=known,
            progress=tick,
            gaps={judged.bars.symbol: judged.gaps for judged in read},
            actions=[action for judged in read for action in judged.actions],
        )
    if as_json:
        recognised = [judged.document() for judged in read]
        symbols = [asdict(result) for result in results]
        emit_json({"store": target.directory, "symbols": symbols, "recognised": recognised})
        return
    table(
        "",
        ("symbol", "outcome", "added", "rows", "first", "last"),
        [(r.symbol, r.outcome, r.added, r.rows, r.first, r.last) for r in results],
        right=("added", "rows"),
    )
    changed = sum(result.outcome != "up to date" for result in results)
    echo(f"{changed} of {len(results)} symbols changed" if changed else "already up to date")
    kept = sum(result.actions_added for result in results)
    if kept:
        echo(f"{kept} new splits and dividends kept beside the bars")
    unfinished = sorted(
        symbol for symbol, bars in target.read([r.symbol for r in results]).items() if bars.provisional
    )
    if unfinished:
        echo(f"{', '.join(unfinished)}: the last bar is of a session still running; import it again later")


def list_data(*, store: StoreOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what is stored and where it came from."""
    from backtest.data.store import BarStore

    target = BarStore(store_folder(store, config))
    listed = target.list()
    damaged = sorted(set(target.symbols()) - {item.symbol for item in listed})
    minutes = data_minutes.stored_years(target.directory)
    if as_json:
        symbols = [item.document() for item in listed]
        emit_json({"store": target.directory, "symbols": symbols, "damaged": damaged, "minutes": minutes})
        return
    if not listed and not damaged and not minutes:
        echo(f"{target.directory} is empty: jutsu data import --source csv DIR fills it")
        return
    table(
        "",
        ("symbol", "rows", "first", "last", "basis", "source", "imported (UTC)"),
        [
            (i.symbol, i.rows, i.first, i.last, i.basis, i.source, i.imported_at[:16].replace("T", " "))
            for i in listed
        ],
        right=("rows",),
    )
    if minutes:
        names = ("symbol", "year", "rows", "first", "last", "source")
        table(
            "minute bars", names, [tuple(year[name] for name in names) for year in minutes], right=("rows",)
        )
    if damaged:
        echo(f"damaged: {', '.join(damaged)}; `jutsu data verify` says how")


def verify(*, store: StoreOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Read every stored file completely and check digest and rows; exit code 5 when something is wrong."""
    from backtest.core.errors import DataError
    from backtest.data.store import BarStore
    from live.runtime.known_prices import recorded_actions

    target = BarStore(store_folder(store, config))
    symbols = target.symbols()
    facts = known_facts(config)
    known = replace(facts, actions=recorded_actions(target.directory, symbols))
    with progress("verifying") as tick:
        findings = target.verify(progress=tick, known=known)
        years, damaged = data_minutes.damaged_years(target.directory, tick)
    files, findings = len(symbols) + years, (*findings, *damaged)
    if as_json:
        emit_json({"store": target.directory, "files": files, "findings": [asdict(f) for f in findings]})
        if findings:
            raise typer.Exit(DataError.exit_code)
        return
    if findings:
        for finding in findings:  # not a table: paths must stay whole, to be copied
            echo(str(finding))
        echo(f"{len(findings)} problem(s) in {files} files of {target.directory}")
        raise typer.Exit(DataError.exit_code)
    echo(f"{files} files, all intact" if files else f"{target.directory} is empty")
