"""`python -m backtest walk-forward`: the search again in every train window, its pick in the window after."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.cli.optimize import STUDIES, add_study, engine_of, overrides
from backtest.core.errors import UsageError
from backtest.core.files import write_atomic

if TYPE_CHECKING:
    from backtest.research.walk_forward import FoldResult, WalkForward


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "walk-forward",
        help="select inside each train window of a study, trade the window after it",
        description=str(__doc__).split("`: ", maxsplit=1)[-1],
    )
    add_study(parser, "study file with a walk_forward section")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Run all folds, keep them in the study database, write the pooled result; returns 0."""
    from backtest.cli.progress import tell
    from backtest.core.distribution import require
    from backtest.data.sources.csv import tell as recognised
    from backtest.research.database import database_path, open_database
    from backtest.research.identity import digest
    from backtest.research.session import open_file
    from backtest.research.walk_forward import walk_forward

    require("research", "numba", where="a walk-forward")
    opened = open_file(args.study, overrides(args), tell, recognised)
    with closing(engine_of(args, opened)) as engine:
        found = walk_forward(opened.study, opened.history, opened.days, engine, _tell_fold, opened.candidates)
    with open_database(database_path()) as database:
        row = opened.begin(database)
        plan = digest(str(opened.study.walk_forward))
        database.store_folds(row.id, plan, [*(fold.document() for fold in found.folds), found.document()])
    folder = args.out or STUDIES / f"{opened.study.name}-{row.id[:8]}"
    _write(found, folder)
    if args.json:
        print(json.dumps({**found.document(), "folds": [fold.document() for fold in found.folds]}, indent=2))
        return 0
    for line in _lines(found):
        print(line)
    print(f"written to {folder}")
    return 0


def _tell_fold(done: int, total: int) -> None:
    print(f"fold {done} of {total}", file=sys.stderr, flush=True)


def _write(found: WalkForward, folder: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("date", "return"))
    writer.writerows(
        (day.isoformat(), repr(value))
        for day, value in zip(found.sessions, found.returns.tolist(), strict=True)
    )
    document = {**found.document(), "folds": [fold.document() for fold in found.folds]}
    try:
        write_atomic(folder / "walk_forward.csv", text.getvalue().encode())
        write_atomic(folder / "walk_forward.json", (json.dumps(document, indent=2) + "\n").encode())
    except OSError as error:
        raise UsageError(
            f"cannot be written to: {error.strerror}", where=str(folder), remedy="give another --out"
        ) from error


def _lines(found: WalkForward) -> list[str]:
    lines = [_fold_line(number, fold) for number, fold in enumerate(found.folds, 1)]
    pooled = found.pooled
    lines.append(f"pooled out of sample, {found.sessions[0]} to {found.sessions[-1]}:")
    lines.append(
        f"  {pooled['annual_return']:.2%} a year, Sharpe {pooled['sharpe']:.3g},"
        f" largest drawdown {pooled['max_drawdown']:.1%}, {found.trades} trades"
    )
    efficiency = (
        "not computed: in-sample return is not above 0"
        if found.efficiency is None
        else f"{found.efficiency:.3g}"
    )
    lines.append(f"OOS/IS {efficiency}, {found.positive:.0%} of {len(found.folds)} folds gain")
    lines.append(found.verdict + (": " + "; ".join(found.reasons) if found.reasons else ""))
    return lines


def _fold_line(number: int, fold: FoldResult) -> str:
    windows = (
        f"fold {number}: train {fold.train_first} to {fold.train_last},"
        f" test {fold.test_first} to {fold.test_last}"
    )
    if fold.trial is None:
        return f"{windows}: no set meets the requirements"
    inside, outside = fold.inside["annual_return"], fold.outside["annual_return"]
    rank = "" if fold.correlation is None else f", rank correlation {fold.correlation:.2f}"
    return (
        f"{windows}: trial {fold.trial}, {inside:.1%} a year inside, {outside:.1%} outside,"
        f" place {fold.rank} of {fold.ranked}{rank}"
    )
