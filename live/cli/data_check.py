"""`jutsu data check`: the bar store beside another source."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, echo, emit_json, table
from live.cli.data_facts import store_folder
from live.cli.data_sync import (
    EndOption,
    FolderOption,
    StartOption,
    StoreOption,
    SymbolsOption,
    days_of,
    settings_of_sources,
    sources_of,
    symbols_of,
)
from live.cli.progress import progress

if TYPE_CHECKING:
    from live.feeds.sync.check import CheckedSymbol, CheckReport

AgainstOption = Annotated[
    str, typer.Option("--against", metavar="NAME", help="The source to compare with: schwab, alpaca, csv.")
]


def check(
    *,
    against: AgainstOption,
    folder: FolderOption = None,
    symbols: SymbolsOption = None,
    start: StartOption = None,
    end: EndOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Compare stored closes, sessions and actions with another source; nothing is stored.

    Without `--start` the last year. Exit code 5 when a close differs by more than
    `data.max_price_difference_pct`, 6 when the source did not answer.
    """
    from backtest.data.store import BarStore
    from live.feeds.sync.check import Check

    loaded = settings_of_sources(config)
    (source,) = sources_of(loaded, against, folder)
    target = BarStore(store_folder(store, config))
    (first, last), names = days_of(start, end), symbols_of(symbols, target.symbols())
    clock = source.opening.clock
    first = first or clock.now().date() - timedelta(days=365)
    with progress("comparing") as tick:
        work = Check(
            target,
            source,
            max_difference_pct=loaded.settings.data.max_price_difference_pct,
            clock=clock,
            progress=tick,
        )
        report = work.run(names, first, last)
    if as_json:
        emit_json(report)
    else:
        _show(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _show(report: CheckReport) -> None:
    table(
        "",
        ("symbol", "sessions", "differing", "largest", "verdict"),
        [(s.symbol, s.sessions, s.differing, _largest(s), _verdict(s)) for s in report.symbols],
        right=("sessions", "differing", "largest"),
    )
    for line in report.symbols:
        for text in _details(line, report.against):
            echo(f"{line.symbol}: {text}")


def _largest(line: CheckedSymbol) -> str:
    return f"{line.largest[0].fraction:+.2%}" if line.largest else ""


def _verdict(line: CheckedSymbol) -> str:
    if line.problem:
        return "not compared"
    return "differs" if line.beyond else "agrees"


def _details(line: CheckedSymbol, against: str) -> list[str]:
    texts = [f"{line.problem} → {line.remedy}" if line.remedy else line.problem] if line.problem else []
    texts += [f"{d.session}: {d.stored:g} stored, {d.other:g} at {against}" for d in line.largest]
    texts += [f"only stored: {', '.join(map(str, line.only_stored))}"] if line.only_stored else []
    texts += [f"only at {against}: {', '.join(map(str, line.only_other))}"] if line.only_other else []
    texts += [f"only recorded here: {action}" for action in line.actions_only_stored]
    return texts + [f"only known to {against}: {action}" for action in line.actions_only_other]
