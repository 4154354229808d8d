"""`python -m backtest orb`: opening ranges of minute bars, outcomes of a grid, its figures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final

from backtest.cli import orb_portfolio, orb_sessions
from backtest.cli.orb_inputs import add_inputs, add_output, filters_of, read_study, write_output
from backtest.research.opening_range_breakout.strategies import metrics_csv, trades_by_strategy
from backtest.research.opening_range_breakout.study import Study
from backtest.research.opening_range_breakout.tables import features_csv, outcomes_csv
from backtest.strategies.opening_range_breakout.filters import Filter

TABLES: Final = {
    "features": "opening ranges and their breaks",
    "outcomes": "every outcome of the grid on every break",
    "metrics": "figures of every strategy of the grid",
}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the `orb` command with the commands below it."""
    parser = subparsers.add_parser("orb", help="study opening-range breakouts on minute bars")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, what in TABLES.items():
        table = commands.add_parser(name, help=f"write {what} as CSV", description=f"Write {what} as CSV.")
        add_inputs(table)
        add_output(table, "FILE.csv")
        table.set_defaults(command=run, table=name)
    orb_portfolio.add_commands(commands)
    orb_sessions.add_commands(commands)


def run(args: argparse.Namespace) -> int:
    """Write one table. Returns 0; every refusal is a JutsuError."""
    filters = filters_of(args)
    text = _table(args.table, args.dataset, read_study(args), filters)
    write_output(args.output, text)
    print(f"{text.count(chr(10)) - 1:,} rows written to {args.output}")
    return 0


def _table(name: str, dataset: str, study: Study, filters: Sequence[Filter]) -> str:
    if name == "features":
        return features_csv(dataset, study.bars, study.ranges)
    trades = study.trades()
    if name == "outcomes":
        return outcomes_csv(dataset, study.bars, trades)
    return metrics_csv(dataset, study.bars.symbol, trades_by_strategy(trades, filters, study.allowed()))
