"""`python -m backtest study`: what the study database holds, and what becomes of the best set of a study."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backtest.cli.numbers import number_of_set, whole
from backtest.core.decision import Json
from backtest.core.errors import DataError, UsageError
from backtest.strategies.registry import STRATEGIES

if TYPE_CHECKING:
    from backtest.research.database import Database, StudyRow
    from backtest.research.results import Kept
    from backtest.research.study import Study

Handler = Callable[["Database", argparse.Namespace], int]
_LISTED: Final = 20


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command with its own commands."""
    parser = commands.add_parser("study", help="list, show, judge, export, verify and promote studies")
    topics = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, text, handler in (
        ("list", "every study of the database, newest last", _list),
        ("show", "one study: identity, progress, what failed", _show),
        ("top", "the best sets", _top),
        ("report", "judge the best set and write top.csv, study.json, report.html", _report),
        ("export", "all sets with their figures as CSV or Parquet", _export),
        ("verify", "compute every stored set again and compare the bytes", _verify),
        ("promote", "write the best set as a strategy file, if nothing speaks against it", _promote),
    ):
        topic = topics.add_parser(name, help=text, description=text)
        if name != "list":
            topic.add_argument("id", metavar="ID", help="first letters of its id, or its name (the newest)")
        if name in {"list", "show", "top", "report", "verify", "promote"}:
            topic.add_argument("--json", action="store_true", help="print one JSON document")
        topic.set_defaults(command=run, handler=handler)
        _ARGUMENTS.get(name, _no_arguments)(topic)


def run(args: argparse.Namespace) -> int:
    """Open the database, which must exist, and carry out one command; errors as its functions."""
    from backtest.research.database import database_path, open_database

    with open_database(database_path(), create=False) as database:
        handler: Handler = args.handler
        return handler(database, args)


def _no_arguments(_: argparse.ArgumentParser) -> None:
    """Add nothing."""


def _top_arguments(topic: argparse.ArgumentParser) -> None:
    topic.add_argument(
        "--limit", type=whole, default=_LISTED, metavar="N", help="at most 1,000 (default: %(default)s)"
    )


def _report_arguments(topic: argparse.ArgumentParser) -> None:
    topic.add_argument("--out", type=Path, metavar="DIR", help="default: out/studies/<name>-<identity>")
    topic.add_argument(
        "--rerun", type=number_of_set, metavar="N", help="best sets rerun in whole shares (default: 20)"
    )
    topic.add_argument(
        "--config", type=Path, metavar="FILE", help="settings file whose execution: section counts"
    )


def _export_arguments(topic: argparse.ArgumentParser) -> None:
    topic.add_argument("--output", type=Path, required=True, metavar="FILE", help=".csv or .parquet")


def _promote_arguments(topic: argparse.ArgumentParser) -> None:
    topic.add_argument("--name", required=True, metavar="NAME", help="of the new variant and its file")
    topic.add_argument(
        "--trial", type=number_of_set, metavar="N", help="a set of study top (default: the first)"
    )
    topic.add_argument(
        "--output-dir", type=Path, default=STRATEGIES, metavar="DIR", help="default: %(default)s"
    )
    topic.add_argument(
        "--despite-overfitting", action="store_true", help="write it whatever DSR, PBO and the holdout say"
    )


_ARGUMENTS: Final = {
    "top": _top_arguments,
    "report": _report_arguments,
    "export": _export_arguments,
    "promote": _promote_arguments,
}


def _list(database: Database, args: argparse.Namespace) -> int:
    rows = [_summary(database, row) for row in database.studies()]
    if args.json:
        print(json.dumps({"studies": rows}, indent=2))
        return 0
    if not rows:
        print("no studies")
    for row in rows:
        print(
            f"{row['id'][:8]}  {row['name']:<24} {row['strategy']}  {row['first_session']} to"
            f" {row['last_session']}  {row['stored']:,} of {row['total']:,} sets"
        )
    return 0


def _summary(database: Database, row: StudyRow) -> Json:
    progress = database.progress(row.id)
    return {
        "id": row.id,
        "name": row.name,
        "strategy": row.strategy,
        "first_session": row.first_day.isoformat(),
        "last_session": row.last_day.isoformat(),
        "total": row.total,
        **asdict(progress),
    }


def _show(database: Database, args: argparse.Namespace) -> int:
    from backtest.research.honest import sets_tried

    row = database.study(args.id)
    failures = database.failures(row.id)
    tried = sets_tried(database, row)
    if args.json:
        names = ("first", "count", "attempts", "reason")
        document = {
            **_summary(database, row),
            "symbols": list(row.symbols),
            "identity": asdict(row.identity),
            "tried_in_all_studies": tried,
            "file": row.document["file"],
            "failures": [dict(zip(names, failure, strict=True)) for failure in failures],
        }
        print(json.dumps(document, indent=2))
        return 0
    progress = database.progress(row.id)
    print(f"study {row.id[:8]} {row.name}: {row.strategy}, {row.first_day} to {row.last_day}")
    print(f"bars of {', '.join(row.symbols)}")
    print(f"{progress.stored:,} of {row.total:,} sets stored, {progress.tried:,} of them valid")
    print(f"N = {tried:,} sets tried for this strategy on overlapping symbols and sessions")
    for name, value in asdict(row.identity).items():
        print(f"  {name:<9}{value}")
    for first, count, attempts, reason in failures:
        print(f"failed: sets {first} to {first + count - 1} after {attempts} attempt(s): {reason}")
    return 0


def _top(database: Database, args: argparse.Namespace) -> int:
    from backtest.research.session import results_of_row, study_of

    row = database.study(args.id)
    study = study_of(row)
    kept = results_of_row(study, row, database).kept[: args.limit]
    if args.json:
        print(json.dumps({"id": row.id, "sets": [_kept_document(item) for item in kept]}, indent=2))
        return 0
    if not kept:
        print("no set has figures")
        return 0
    for rank, item in enumerate(kept, 1):
        print(f"{rank:>4}  {_kept_line(study, item)}")
    print(f"ranked only: python -m backtest study report {row.id[:8]} judges the first one")
    return 0


def _kept_document(item: Kept) -> Json:
    from backtest.research.figures import defined

    return {
        "trial": item.trial,
        "parameters": dict(item.changes),
        "figures": defined(item.figures),
        "neighbourhood": None if item.around is None else defined(asdict(item.around)),
        "missed": item.missed,
    }


def _kept_line(study: Study, item: Kept) -> str:
    objectives = ", ".join(f"{o.figure} {item.figures[o.figure]:.4g}" for o in study.objectives)
    around = "" if item.around is None else f", neighbourhood {item.around.median:.4g}"
    values = ", ".join(f"{name} {value}" for name, value in item.changes.items())
    missed = f"  misses {item.missed}" if item.missed else ""
    return f"trial {item.trial}: {objectives}{around}  ({values}){missed}"


def _report(database: Database, args: argparse.Namespace) -> int:
    from backtest.cli.optimize import write_and_show
    from backtest.cli.progress import tell
    from backtest.research.session import open_row
    from backtest.trading.rules_file import read_rules

    row, rules = database.study(args.id), read_rules(args.config)
    write_and_show(open_row(row, tell), row, database, rules, args)
    return 0


def _export(database: Database, args: argparse.Namespace) -> int:
    from backtest.research.export import export
    from backtest.research.session import results_of_row, study_of

    row = database.study(args.id)
    study = study_of(row)
    count = export(study, results_of_row(study, row, database).figures, args.output)
    print(f"{count:,} sets written to {args.output}")
    return 0


def _verify(database: Database, args: argparse.Namespace) -> int:
    from backtest.cli.progress import tell
    from backtest.research.session import open_row
    from backtest.research.verify import verify

    row = database.study(args.id)
    opened = open_row(row, tell)
    found = verify(opened.study, row, opened.trial, database, _tell_verified)
    if args.json:
        print(json.dumps(asdict(found), indent=2))
    else:
        print(f"{found.chunks:,} chunks, {found.sets:,} sets, sha256 {found.sha256}")
    if found.damaged or found.different:
        bad = sorted((*found.damaged, *found.different))
        raise DataError(
            f"{len(found.damaged)} chunk(s) damaged, {len(found.different)} computed differently now,"
            f" the first one from set {bad[0]} on",
            where=f"study {row.id[:8]}",
            remedy="python -m backtest optimize --fresh STUDY.yaml computes all anew",
        )
    return 0


def _tell_verified(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"{done:,} of {total:,} sets", end="\r" if done < total else "\n", file=sys.stderr, flush=True)


def _promote(database: Database, args: argparse.Namespace) -> int:
    from backtest.cli.progress import tell
    from backtest.research.honest import lines
    from backtest.research.promote import promote
    from backtest.research.session import open_row, results_of_row

    row = database.study(args.id)
    progress = database.progress(row.id)
    if progress.stored < row.total:
        raise UsageError(
            f"only {progress.stored:,} of {row.total:,} sets are computed",
            where=f"study {row.id[:8]}",
            remedy=f"python -m backtest optimize --budget {row.total} with its study file computes the rest",
        )
    opened = open_row(row, tell)
    done = promote(
        opened,
        row,
        results_of_row(opened.study, row, database),
        database,
        trial=args.trial,
        name=args.name,
        folder=args.output_dir,
        despite=args.despite_overfitting,
    )
    if args.json:
        print(
            json.dumps(
                {"path": str(done.path), "best": done.honest.document(), "overruled": done.overruled},
                indent=2,
            )
        )
        return 0
    for line in lines(done.honest):
        print(line)
    for line in done.overruled:
        print(f"promoted although {line}")
    print(f"written to {done.path}; list it in books and run jutsu config freeze before it trades")
    return 0
