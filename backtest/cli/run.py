"""`python -m backtest run`: one simulation, written as equity, trades, figures, their course, a report."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from backtest.calendar.written import written_date
from backtest.cli.numbers import amount
from backtest.core.bars import Bars
from backtest.core.decision import Json
from backtest.core.errors import DataError, UsageError
from backtest.core.files import write_atomic
from backtest.data.believable import require_believable_prices
from backtest.data.sources.csv import read_directory, tell
from backtest.reporting.captures import captures, recovery_factor, trade_quality
from backtest.reporting.metrics import returns, summarise
from backtest.reporting.risk_figures import risk_document
from backtest.reporting.tear_sheet import figures, render
from backtest.reporting.time_series import time_series, time_series_csv
from backtest.simulator.allocation.result import CONTEXT, Result
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.base import Strategy
from backtest.strategies.history import short_history
from backtest.strategies.registry import STRATEGIES, find_strategy
from backtest.trading.rules_file import read_rules

TRADE_COLUMNS = (
    "date",
    "decided_on",
    "symbol",
    "side",
    "intent",
    "quantity",
    "reference_price",
    "fill_price",
    "commission",
    "cash_flow",
    "realised_pnl",
    *CONTEXT,
    "reason",
)
_SHOWN_WARNINGS = 5


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the `run` command; its function is stored as `args.command`."""
    parser = subparsers.add_parser(
        "run", help="simulate an allocation strategy", description=str(__doc__).split("`: ", maxsplit=1)[-1]
    )
    add = parser.add_argument
    add("--strategy", required=True, metavar="FILE", help="strategy file (YAML or JSON) or variant name")
    add(
        "--prices",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with one SYMBOL.csv of daily bars each",
    )
    add("--start", type=iso_date, metavar="DATE", help="first session (default: the first bar)")
    add("--end", type=iso_date, metavar="DATE", help="last session (default: the last bar)")
    add("--cash", type=amount, default=100_000.0, metavar="N", help="initial cash (default: %(default)s)")
    add("--output-dir", type=Path, required=True, metavar="DIR", help="where the files go")
    add("--config", type=Path, metavar="FILE", help="settings file; its execution: section is used")
    add("--confirmed", type=Path, metavar="FILE", help="prices a person confirmed (confirmed_prices.jsonl)")
    add("--benchmark", metavar="SYMBOL", help="what to compare with (default: the signal symbol)")
    add("--no-report", action="store_true", help="do not write report.html")
    add("--json", action="store_true", help="print the metrics as one JSON document instead of a table")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Simulate, write the files, show the summary. Returns 0; every refusal is a JutsuError."""
    strategy = find_strategy(args.strategy, STRATEGIES)
    if not strategy.family.holds_weights:
        raise UsageError(
            f"{strategy.name} trades positions, not weights",
            where=str(args.strategy),
            remedy="use python -m backtest portfolio",
        )
    rules = read_rules(args.config)
    benchmark = args.benchmark or strategy.signal_symbols[0]
    history = _history(args.prices, strategy, benchmark, args.end)
    suspicions = require_believable_prices(history, strategy.price_relations, args.prices, args.confirmed)
    signal = history[strategy.signal_symbols[0]]
    if args.end is None and args.start is not None and args.start > signal.last:
        raise DataError(
            f"no session on or after {args.start}",
            where="--start",
            remedy=f"the bars of {signal.symbol} reach from {signal.first} to {signal.last}",
        )
    result = simulate(
        strategy,
        history,
        start=args.start or signal.first,
        end=args.end or signal.last,
        cash=args.cash,
        rules=rules,
        benchmark=benchmark,
    )
    notes = (*suspicions, *_notes(strategy, history, result))
    result = replace(result, warnings=(*notes, *result.warnings))
    metrics = metrics_of(result)
    write_files(result, metrics, args.output_dir, report=not args.no_report)
    if args.json:
        sys.stdout.write(json.dumps(metrics, indent=2) + "\n")
    else:
        _show(result, metrics, args.output_dir)
    return 0


def _notes(strategy: Strategy, history: Mapping[str, Bars], result: Result) -> list[str]:
    """Return what a person should know before believing the figures."""
    findings = list(strategy.unusual)
    first = next((d.decided_on for d in result.decisions if d.rebalance or d.targets), None)
    if first is not None:
        short = short_history(strategy, history, first)
        findings += [short] if short else []
    return [str(finding) for finding in findings]


def metrics_of(result: Result) -> Json:
    """Return every figure of a simulation, as in metrics.json."""
    found = {**summarise(result), **risk_document(result.equity, result.dates, result.initial_cash)}
    closed = [trade.realised_pnl for trade in result.trades if trade.side == "sell"]
    held = result.benchmark
    return found | {
        "trade_quality": asdict(trade_quality(closed)),
        "recovery_factor": recovery_factor(found["total_return"], found["max_drawdown"]),
        "captures": None
        if held is None
        else asdict(captures(*(returns(curve, result.initial_cash) for curve in (result.equity, held)))),
    }


def write_files(result: Result, metrics: Json, folder: Path, *, report: bool = True) -> None:
    """Write equity.csv, trades.csv, metrics.json, metrics_timeseries.csv and report.html, each whole.

    Raises:
        UsageError: the folder cannot be written to.
    """
    files = {
        "equity.csv": equity_csv(result),
        "trades.csv": trades_csv(result),
        "metrics.json": json.dumps(metrics, indent=2) + "\n",
        "metrics_timeseries.csv": time_series_csv(
            result.dates, time_series(result.equity, result.initial_cash, result.benchmark)
        ),
    }
    if report:
        files["report.html"] = render(result, metrics)
    try:
        for name, text in files.items():
            write_atomic(folder / name, text.encode())
    except OSError as error:
        raise UsageError(
            f"cannot be written to: {error.strerror}", where=str(folder), remedy="give another --output-dir"
        ) from error


def equity_csv(result: Result) -> str:
    """Return date,equity with two decimals, one row per session marked at its close."""
    rows = zip(result.dates.tolist(), result.equity.tolist(), strict=True)
    return "date,equity\n" + "".join(f"{day.isoformat()},{equity:.2f}\n" for day, equity in rows)


def trades_csv(result: Result) -> str:
    """Return every fill with the context of its decision; an undefined value is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, TRADE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(trade.row() for trade in result.trades)
    return text.getvalue()


def iso_date(text: str) -> date:
    """Return the date of YYYY-MM-DD; argparse turns the error into exit code 2."""
    try:
        return written_date(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _history(folder: Path, strategy: Strategy, benchmark: str, end: date | None) -> Mapping[str, Bars]:
    """Read what the run needs; a leg may lack sessions (it is not tradable then), a signal may not."""
    symbols = dict.fromkeys((*strategy.signal_symbols, *strategy.tradable_symbols, benchmark))
    legs = set(strategy.tradable_symbols) - set(strategy.signal_symbols)
    history = read_directory(folder, list(symbols), allow_gaps=legs, until=end, recognised=tell)
    missing = [symbol for symbol in (*strategy.signal_symbols, benchmark) if not len(history.get(symbol, ()))]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        ends_early = end is not None and any(symbol in history for symbol in missing)
        raise DataError(
            f"no bars of {names} up to {end}" if ends_early else f"no bars of {names}",
            where=str(folder),
            remedy="give a later --end"
            if ends_early
            else "name the file SYMBOL.csv; one that needs a flag: jutsu data import FILE --symbol SYMBOL",
        )
    return history


def _show(result: Result, metrics: Json, folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{result.variant}, {metrics['start']} to {metrics['end']}", title_justify="left")
    table.add_column("figure")
    table.add_column(result.variant, justify="right")
    table.add_column(f"{result.benchmark_symbol} held", justify="right")
    held = (metrics["benchmark"] or {}).get("performance", {})
    compared = dict(figures(held))
    for label, text in figures(metrics):
        table.add_row(label, text, "" if compared[label] == "–" else compared[label])
    console = Console(markup=False)
    console.print(table)
    for warning in result.warnings[:_SHOWN_WARNINGS]:
        console.print(f"warning: {warning}", highlight=False, soft_wrap=True)
    if len(result.warnings) > _SHOWN_WARNINGS:
        more = len(result.warnings) - _SHOWN_WARNINGS
        console.print(f"and {more} more warnings (in the report)", highlight=False)
    console.print(f"written to {folder}", highlight=False, soft_wrap=True)
