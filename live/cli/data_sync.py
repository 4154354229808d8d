"""`jutsu data sync`: the bar store filled from vendors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from backtest.core.bar_words import Timeframe
from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    echo,
    emit_json,
    options_of,
    parse_date,
    table,
)
from live.cli.data_facts import known_facts, paper_accounts, store_folder, strategy_symbols
from live.cli.progress import progress
from live.system.account_words import ACCOUNT

if TYPE_CHECKING:
    from live.feeds.sources.model import Opening
    from live.feeds.sync.chosen import ChosenSource
    from live.feeds.sync.report import SyncedSymbol, SyncReport
    from live.settings.load import LoadedSettings

StoreOption = Annotated[
    Path | None, typer.Option("--store", help="Folder of the bar store (default from the settings).")
]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", metavar="NAME", help="Ask only this one (default: data.sources, in order)."),
]
FolderOption = Annotated[Path | None, typer.Option("--folder", help="Folder of the files of --source csv.")]
SymbolsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--symbol", help="Only this one; repeatable. Default: what is stored and what strategies need."
    ),
]
StartOption = Annotated[
    str | None,
    typer.Option("--start", help="First day, YYYY-MM-DD (default: all there is, or what is stored)."),
]
EndOption = Annotated[
    str | None, typer.Option("--end", help="Last day (default: the newest session whose bars are final).")
]
TimeframeOption = Annotated[Timeframe, typer.Option(help="Length of the bars: 1d, or 1m (minutes).")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be asked; ask nobody.")]
#: a paper account that was not told of a split is told for so long
_BOOKED: Final = timedelta(days=30)


def sync(
    *,
    source: SourceOption = None,
    folder: FolderOption = None,
    symbols: SymbolsOption = None,
    start: StartOption = None,
    end: EndOption = None,
    timeframe: TimeframeOption = "1d",
    store: StoreOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Ask vendors for the sessions that the bar store lacks, and store what is believed.

    A second run asks nothing and changes nothing. A stopped one goes on where it was. Exit code 5 when
    sessions are still missing or bars are refused, 6 when a vendor did not answer.
    """
    from backtest.calendar.sessions import NEW_YORK
    from backtest.data.minute_store import MinuteStore
    from backtest.data.store import BarStore
    from live.feeds.sync.engine import Sync, Wanted
    from live.feeds.sync.minutes import MinuteSync

    days = days_of(start, end)
    loaded = settings_of_sources(config)
    chosen = sources_of(loaded, source, folder, timeframe)
    target, clock = BarStore(store_folder(store, config)), chosen[0].opening.clock
    with progress("syncing") as tick:
        work: Sync | MinuteSync
        if timeframe == "1m":
            work = MinuteSync(target.directory, chosen, clock=clock, progress=tick)
            names = symbols_of(symbols, MinuteStore(target.directory).symbols())
        else:
            known = known_facts(config, state_db)
            work = Sync(target, chosen, known=known, clock=clock, progress=tick)
            names = symbols_of(symbols, target.symbols(), lambda: strategy_symbols(config))
        wanted = Wanted(names, *days)
        report = work.plan(wanted) if dry_run else work.run(wanted)
    _show(report, dry_run=dry_run, as_json=as_json)
    if not dry_run:
        today = clock.now().astimezone(NEW_YORK).date()
        _book_splits(report, paper_accounts(config, state_db), today, quiet=as_json)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def settings_of_sources(config: Path | None) -> LoadedSettings:
    """Return the settings of the account that was named, else of the file: a vendor is asked once for all."""
    from dataclasses import replace

    from live.runtime.loading import Sources
    from live.settings.accounts import NO_ACCOUNT

    named = NO_ACCOUNT if ACCOUNT[0] is None else ACCOUNT[0]
    return Sources.of(replace(options_of(config), account=named)).load()


def sources_of(
    loaded: LoadedSettings, source: str | None, folder: Path | None, timeframe: Timeframe = "1d"
) -> tuple[ChosenSource, ...]:
    """Return the sources of a timeframe, or the one that is named."""
    from live.feeds.sync.chosen import choose

    configured = loaded.settings.data.sources
    return choose(configured, _opening(loaded, source), timeframe, only=source, folder=folder)


def _opening(loaded: LoadedSettings, source: str | None) -> Opening:
    """Return what sources are opened with; where an imitation stands in for one, its clock is ours."""
    import os

    from live.brokers.rehearsal import rehearsal_clock, stand_in
    from live.feeds.sources.model import Opening
    from live.settings.secrets import Whose, with_secrets
    from live.system.clock import SystemClock

    settings = loaded.settings
    listed = {one.name: one.base_url for one in settings.data.sources}
    first = source or next(iter(listed), "")
    url = listed.get(first) or stand_in(settings.broker.model_copy(update={"name": first}))
    clock = SystemClock() if url is None else rehearsal_clock(url)
    whose = Whose(settings.account, loaded.accounts)
    environ = with_secrets(loaded.root, os.environ, (settings.alerts.urls_env,), whose)
    return Opening(settings, loaded.root, environ, clock)


def days_of(start: str | None, end: str | None) -> tuple[date | None, date | None]:
    """Return `--start` and `--end`. UsageError: no dates, or the wrong way round."""
    from backtest.core.errors import UsageError

    first, last = parse_date(start, "--start"), parse_date(end, "--end")
    if first is not None and last is not None and first > last:
        raise UsageError(f"{first} is after {last}", where="--start", remedy="give the earlier day first")
    return first, last


def symbols_of(
    symbols: list[str] | None, stored: Sequence[str], needed: Callable[[], Sequence[str]] = tuple
) -> tuple[str, ...]:
    """Return the symbols that were named, else those stored or needed. UsageError: none, or no symbol."""
    from backtest.core.errors import UsageError
    from backtest.data.sources.csv_dialect.symbols import symbol_of

    named = [symbol_of(text) or text for text in symbols or ()]
    wrong = [text for text in symbols or () if symbol_of(text) is None]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is no symbol", where="--symbol", remedy="write it like QQQ or BRK-B")
    found = tuple(dict.fromkeys(named or sorted({*stored, *needed()})))
    if not found:
        raise UsageError("no symbol is stored or needed", where="--symbol", remedy="name one: --symbol QQQ")
    return found


def _show(report: SyncReport, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        emit_json(report)
        return
    table(
        "",
        ("symbol", "outcome", "source", "added", "rows", "first", "last"),
        [(s.symbol, s.outcome, s.source, s.added, s.rows, s.first, s.last) for s in report.symbols],
        right=("added", "rows"),
    )
    for line in report.symbols:
        _spell(line, dry_run=dry_run)
    changed = sum(line.added > 0 for line in report.symbols)
    if not dry_run:
        echo(f"{changed} of {len(report.symbols)} symbols have new sessions" if changed else "nothing new")


def _spell(line: SyncedSymbol, *, dry_run: bool) -> None:
    if dry_run and line.asked:
        echo(f"{line.symbol}: would ask for {', '.join(map(str, line.asked))}")
    for warning in line.warnings:
        echo(f"{line.symbol}: {warning}")
    for split in line.splits:
        echo(f"{line.symbol}: {split.describe()} recorded")
    if line.actions:
        echo(f"{line.symbol}: {line.actions} new splits and dividends kept beside the bars")
    if line.problem:
        echo(f"{line.symbol}: {line.problem} → {line.remedy}")


def _book_splits(report: SyncReport, accounts: Sequence[Path], today: date, *, quiet: bool) -> None:
    """Let paper accounts follow the splits of the last weeks, as `jutsu data split` does.

    Each is booked once, so one whose booking a kill prevented is booked by the next run.
    """
    from backtest.data.actions import ActionStore
    from live.brokers.paper.splits import book_split

    kept = ActionStore(report.store)
    recorded = [action for line in report.symbols for action in kept.read(line.symbol)]
    for split in recorded:
        if split.kind != "split" or not today - _BOOKED <= split.ex_date <= today:
            continue
        for account in accounts:
            said = book_split(account, split)
            if said and not quiet:
                echo(f"{split.symbol}: {said} ({account})")
