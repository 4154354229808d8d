"""`python -m backtest optimize`: try every set of a study file, store all of them, show the best honestly."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.cli.numbers import number_of_set, seconds, whole
from backtest.core.errors import JutsuError, LimitError, UsageError

if TYPE_CHECKING:
    from backtest.core.execution_rules import ExecutionRules
    from backtest.research.database import Database, StudyRow
    from backtest.research.engine import Engine
    from backtest.research.running import Step
    from backtest.research.session import OpenStudy

STUDIES = Path("out/studies")


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "optimize",
        help="try the parameter sets of a study file; stopped at any moment it goes on where it was",
        description=str(__doc__).split("`: ", maxsplit=1)[-1],
    )
    add_study(parser, "study file (YAML or JSON)")
    add = parser.add_argument
    add("--deadline", type=seconds, metavar="S", help="begin no chunk after S seconds (exit code 7)")
    add("--task-timeout", type=seconds, metavar="S", help="a chunk over S seconds counts as failed")
    add("--rerun", type=number_of_set, metavar="N", help="best sets rerun in whole shares (default: 20)")
    add("--config", type=Path, metavar="FILE", help="settings file whose execution: section the reruns obey")
    add("--dry-run", action="store_true", help="say how many sets and bytes it would be; run nothing")
    add("--fresh", action="store_true", help="forget what this study has computed and begin anew")
    parser.set_defaults(command=run)


def add_study(parser: argparse.ArgumentParser, file: str) -> None:
    """Add the study file, described by `file`, and the words that every search of it takes."""
    add = parser.add_argument
    add("study", type=Path, metavar="STUDY.yaml", help=file)
    add("--engine", metavar="NAME", help="threads (default for compiled rules) or processes (for Python)")
    add("--workers", type=whole, metavar="N", help="of the engine (default: one per core)")
    add("--seed", type=number_of_set, metavar="N", help="in place of study.seed")
    add("--budget", type=whole, metavar="N", help="most sets, in place of search.budget")
    add("--out", type=Path, metavar="DIR", help="default: out/studies/<name>-<identity>")
    add("--json", action="store_true", help="print one JSON document instead of text")


def run(args: argparse.Namespace) -> int:
    """Run a study; returns 0.

    Raises:
        LimitError: 7, the deadline came first. JutsuError: 1, sets failed. Others as `open_file`.
    """
    from backtest.cli.progress import Screen, tell
    from backtest.core.distribution import require
    from backtest.data.sources.csv import tell as recognised
    from backtest.research.database import database_path, open_database
    from backtest.research.running import Limits, run_study
    from backtest.research.session import open_file
    from backtest.trading.rules_file import read_rules

    require("research", "numba", where="a study")
    rules = read_rules(args.config)  # a wrong one is told before the search, not after it
    opened = open_file(args.study, overrides(args), tell, recognised)
    if args.dry_run:
        return _dry_run(opened, as_json=args.json)
    with open_database(database_path()) as database:
        row = opened.begin(database, fresh=args.fresh)
        _say_changes(row, [other for other in database.studies() if other.name == row.name])
        limits = Limits(args.deadline, args.task_timeout)
        with closing(engine_of(args, opened)) as engine:
            step = run_study(opened.study, row, opened.trial, database, engine, Screen(), limits)
        tried = write_and_show(opened, row, database, rules, args)
    _require_complete(row, step)
    if not tried:
        raise UsageError(
            f"no set is valid: the strategy's rules and the constraints exclude all {step.total:,}",
            where=str(args.study),
            remedy="optimize --dry-run counts them; widen the space or the constraints",
        )
    return 0


def engine_of(args: argparse.Namespace, opened: OpenStudy) -> Engine:
    """Return the engine that --engine and --workers ask for, else the usual one of the study's rules.

    Raises:
        UsageError: there is none of that name.
    """
    from backtest.research.engine import ENGINES, Threads
    from backtest.research.hierarchical_adaptive.parameter_sets import cores
    from backtest.research.processes import Processes
    from backtest.research.rule_sets import rule_set

    workers = args.workers or cores()
    usual = ENGINES[0] if rule_set(opened.study.strategy).compiled else ENGINES[1]
    name = args.engine or usual
    if name not in ENGINES:
        raise UsageError(f"must be {' or '.join(ENGINES)}, got {name!r}", where="--engine")
    return Threads(workers) if name == ENGINES[0] else Processes(workers)


def overrides(args: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Return the values of --seed and --budget by section and key of the study file."""
    given = {"study": {"seed": args.seed}, "search": {"budget": args.budget}}
    wanted = {
        section: {k: v for k, v in values.items() if v is not None} for section, values in given.items()
    }
    return {section: values for section, values in wanted.items() if values}


def _say_changes(row: StudyRow, named: list[StudyRow]) -> None:
    before = [other for other in named if other.number < row.number]
    if before and named[-1].id == row.id:
        changed = before[-1].identity.changed(row.identity)
        print(f"a new study {row.id[:8]}: other {changed} than study {before[-1].id[:8]}", file=sys.stderr)


def write_and_show(
    opened: OpenStudy, row: StudyRow, database: Database, rules: ExecutionRules, args: argparse.Namespace
) -> int:
    """Write top.csv, study.json and report.html, show the best set; return how many sets have figures.

    Args:
        opened: the study with its bars.
        row: of the database.
        database: with its sets.
        rules: that the reruns obey.
        args: out, rerun and json.

    Raises:
        UsageError: the folder cannot be written to.
    """
    from backtest.research import reruns
    from backtest.research.report import report_of, write_report

    count = reruns.RERUNS if args.rerun is None else args.rerun
    folder = args.out or STUDIES / f"{opened.study.name}-{row.id[:8]}"
    found = report_of(opened, row, database, rules, count)
    try:
        write_report(found, folder)
    except OSError as error:
        raise UsageError(
            f"cannot be written to: {error.strerror}", where=str(folder), remedy="give another --out"
        ) from error
    if args.json:
        print(json.dumps(found.document(), indent=2))
        return found.results.tried
    for line in found.lines():
        print(line)
    print(f"written to {folder}")
    return found.results.tried


def _require_complete(row: StudyRow, step: Step) -> None:
    left = step.total - step.stored
    if step.failed:
        raise JutsuError(
            f"{step.failed:,} of {step.total:,} sets failed",
            where=f"study {row.id[:8]}",
            remedy=f"python -m backtest study show {row.id[:8]} says why; optimize tries them again",
        )
    if left:
        raise LimitError(
            f"the deadline came with {left:,} of {step.total:,} sets to do",
            where=f"study {row.id[:8]}",
            remedy="the same command goes on",
        )


def _dry_run(opened: OpenStudy, *, as_json: bool) -> int:
    from backtest.research.preview import preview_of

    found = preview_of(opened.study, len(opened.trial.sessions))
    if as_json:
        print(json.dumps(found.document(), indent=2))
    else:
        for line in found.lines():
            print(line)
    return 0
