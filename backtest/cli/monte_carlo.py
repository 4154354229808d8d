"""`python -m backtest monte-carlo`: a result under luck, other parameters, other prices and bad days."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.cli.numbers import number_of_set, positive, whole
from backtest.core.errors import UsageError
from backtest.strategies.registry import STRATEGIES, find_strategy

if TYPE_CHECKING:
    from backtest.research.monte_carlo.computing import Parts
    from backtest.research.monte_carlo.resampling import Resampling
    from backtest.research.monte_carlo.subjects import Subject

_FOLDER = Path("out/monte-carlo")


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "monte-carlo",
        help="resample a backtest, its parameters and its prices; put it through bad days",
        description=str(__doc__).split("`: ", maxsplit=1)[-1],
    )
    add = parser.add_argument
    add("source", metavar="RUN|STUDY:TRIAL", help="folder of `run`, a CSV with date and equity, or a set")
    add("--paths", type=whole, default=10_000, metavar="N", help="resampled paths (default: %(default)s)")
    add("--sessions", type=whole, metavar="N", help="of each path (default: as many as there are returns)")
    add("--block", type=positive, metavar="B", help="mean sessions of a block (default: from the returns)")
    add("--kind", default="stationary", metavar="KIND", help="stationary or circular blocks")
    add("--ruin", type=positive, default=0.5, metavar="X", help="ruin: a close below X times the beginning")
    add(
        "--seed",
        type=number_of_set,
        default=7,
        metavar="N",
        help="of everything drawn (default: %(default)s)",
    )
    add("--workers", type=whole, metavar="N", help="threads (default: one per core); changes no figure")
    add("--sets", type=number_of_set, default=200, metavar="N", help="drawn around STUDY:TRIAL; 0 for none")
    add("--spread", type=positive, default=0.1, metavar="X", help="their half width as a share of a value")
    add("--shape", default="uniform", metavar="SHAPE", help="uniform, normal, log-normal or triangular")
    add("--histories", type=number_of_set, default=50, metavar="N", help="with noise, and in other orders")
    add("--noise", type=positive, default=0.25, metavar="K", help="noise over a session's deviation")
    add("--no-stress", action="store_true", help="trade no bad days")
    add("--strategy", metavar="FILE", help="of a RUN: strategy file or variant, for histories and stress")
    add("--prices", type=Path, metavar="DIR", help="of a RUN: folder of its SYMBOL.csv files")
    add("--config", type=Path, metavar="FILE", help="settings file whose execution: section the stress obeys")
    add("--out", type=Path, metavar="DIR", help="default: out/monte-carlo/<name>")
    add("--dry-run", action="store_true", help="say how much it would be; run nothing")
    add("--json", action="store_true", help="print one JSON document instead of text")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Compute, write both files, show the summary; returns 0. Every refusal is a JutsuError."""
    from backtest.core.distribution import require
    from backtest.research.monte_carlo.computing import monte_carlo, preview_of
    from backtest.research.monte_carlo.report import write_report
    from backtest.trading.rules_file import read_rules

    require("research", "numba", where="a Monte Carlo")
    rules = read_rules(args.config)
    subject = _subject(args, rules.slippage_pct)
    plan, parts = _plan(subject, args), _parts(args)
    if args.dry_run:
        _show(preview_of(subject, plan, parts), as_json=args.json)
        return 0
    found = monte_carlo(subject, plan, parts, rules)
    folder = args.out or _FOLDER / "".join(c if c.isalnum() else "-" for c in args.source).strip("-")
    try:
        write_report(found, folder)
    except OSError as error:
        raise UsageError(
            f"cannot be written to: {error.strerror}", where=str(folder), remedy="give another --out"
        ) from error
    _show(found, as_json=args.json)
    if not args.json:
        print(f"written to {folder}")
    return 0


def _subject(args: argparse.Namespace, cost_pct: float) -> Subject:
    from backtest.cli.progress import tell
    from backtest.research.adaptive import recall_row
    from backtest.research.database import database_path, open_database
    from backtest.research.honest import sets_tried
    from backtest.research.monte_carlo.runs import read_run
    from backtest.research.monte_carlo.subjects import of_run, of_trial, study_and_trial
    from backtest.research.session import open_row

    named = None if Path(args.source).exists() else study_and_trial(args.source)
    if named is None:
        strategy = find_strategy(args.strategy, STRATEGIES) if args.strategy else None
        return of_run(read_run(Path(args.source)), strategy, args.prices, cost_pct, tell)
    for name in ("strategy", "prices"):
        if getattr(args, name) is not None:
            raise UsageError("a set of a study has its own", where=f"--{name}", remedy="leave it out")
    with open_database(database_path(), create=False) as database:
        row = database.study(named[0])
        opened = open_row(row, tell)
        recall_row(opened.study, row, database)
        tried = sets_tried(database, row)
    return replace(of_trial(opened, row, named[1]), tried=tried)


def _plan(subject: Subject, args: argparse.Namespace) -> Resampling:
    from backtest.research.monte_carlo.resampling import Resampling, default_block

    block = args.block or default_block(subject.returns, args.kind)
    return Resampling(args.paths, args.sessions or len(subject.returns), block, args.kind, args.seed)


def _parts(args: argparse.Namespace) -> Parts:
    from backtest.research.hierarchical_adaptive.parameter_sets import cores
    from backtest.research.monte_carlo.computing import Parts

    return Parts(
        ruin_below=args.ruin,
        sets=args.sets,
        shape=args.shape,
        spread=args.spread,
        histories=args.histories,
        noise=args.noise,
        stress=not args.no_stress,
        workers=args.workers or cores(),
    )


def _show(found: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found.document(), indent=2))
        return
    for line in found.lines():
        print(line)
