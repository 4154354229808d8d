"""`python -m backtest …`: the research commands. Results go to files; one line about them to the screen."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from backtest.cli import monte_carlo as monte_carlo_command
from backtest.cli import optimize as optimize_command
from backtest.cli import orb as orb_command
from backtest.cli import portfolio as portfolio_command
from backtest.cli import run as run_command
from backtest.cli import study as study_command
from backtest.cli import walk_forward as walk_forward_command
from backtest.core.command_line import OneLineParser
from backtest.core.errors import INTERRUPTED, READER_LEFT, JutsuError, UsageError, error_document, unwritable
from backtest.strategies.registry import STRATEGIES, find_strategy

PROGRAM: Final = "python -m backtest"
Report = Callable[[JutsuError], object]


def main(
    arguments: Sequence[str] | None = None, *, program: str = PROGRAM, report: Report | None = None
) -> int:
    """Run one command and return its exit code (the table of exit codes is in the README).

    Args:
        arguments: words of the command line, None for those of this process.
        program: what the help calls it.
        report: shows a refusal to a person, None for the way of `python -m backtest`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            return _run(words, program, report or _report)
        finally:
            _flush()
    except BrokenPipeError:
        # The reader (`| head -1`) has what it wanted. What is still buffered must not fail at exit.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return READER_LEFT


def _run(words: Sequence[str], program: str, report: Report) -> int:
    shown: Report = _report_json if "--json" in words else report
    try:
        options = build_parser(program).parse_args(words)
        code: int = options.command(options)
    except JutsuError as error:
        shown(error)
        return error.exit_code
    except OSError as error:
        disk = unwritable(error)
        if disk is None:
            raise
        shown(disk)
        return disk.exit_code
    except KeyboardInterrupt:
        print("interrupted; output files are written at the end, none is half done", file=sys.stderr)
        return INTERRUPTED
    return code


def _report(error: JutsuError) -> None:
    print(f"backtest: {error.line()}", file=sys.stderr)
    for finding in error.findings:
        if len(error.findings) > 1 or finding.problem not in error.line():
            print(f"  {finding}", file=sys.stderr)


def _report_json(error: JutsuError) -> None:
    """Print a refusal as the one document of standard output, so that a program need not read two streams."""
    print(json.dumps(error_document(error), indent=2))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by the caller
            stream.flush()


def build_parser(program: str = PROGRAM) -> argparse.ArgumentParser:
    """Return the parser; every command sets `command`, a function from options to exit code."""
    parser = OneLineParser(prog=program, description="Simulate and study strategies on daily bars.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_decisions(commands)
    _add_audit(commands)
    run_command.add_parser(commands)
    portfolio_command.add_parser(commands)
    orb_command.add_parser(commands)
    optimize_command.add_parser(commands)
    study_command.add_parser(commands)
    walk_forward_command.add_parser(commands)
    monte_carlo_command.add_parser(commands)
    return parser


def _add_decisions(commands: argparse._SubParsersAction[Any]) -> None:
    parser = commands.add_parser("decisions", help="write every decision of a strategy as CSV")
    _add_inputs(parser)
    parser.add_argument("--output", required=True, type=Path, metavar="FILE.csv", help="written atomically")
    parser.add_argument(
        "--start",
        type=run_command.iso_date,
        metavar="YYYY-MM-DD",
        help="first row; held weights are zero there",
    )
    parser.add_argument("--end", type=run_command.iso_date, metavar="YYYY-MM-DD", help="last row")
    parser.set_defaults(command=_decisions)


def _add_audit(commands: argparse._SubParsersAction[Any]) -> None:
    parser = commands.add_parser("audit", help="show that no decision, order or fill reads a later bar")
    _add_inputs(parser)
    parser.add_argument("--samples", type=int, default=8, metavar="N", help="sessions tried (default 8)")
    parser.add_argument(
        "--seed", type=int, default=7, metavar="N", help="of the sample and the changes (default 7)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.set_defaults(command=_audit)


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strategy",
        required=True,
        metavar="FILE",
        help="strategy file (YAML or JSON), or a variant of config/strategies",
    )
    parser.add_argument(
        "--prices", required=True, type=Path, metavar="DIR", help="folder of SYMBOL.csv files"
    )


def _decisions(options: argparse.Namespace) -> int:
    from backtest.research.hierarchical_adaptive.decisions import (
        write_decisions,
    )  # only this command needs it

    strategy = find_strategy(options.strategy, STRATEGIES)
    try:
        rows = write_decisions(strategy, options.prices, options.output, options.start, options.end)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(options.output)) from error
    print(f"{strategy.variant}: {rows} sessions written to {options.output}")
    return 0


def _audit(options: argparse.Namespace) -> int:
    from backtest.research import audit, audit_positions  # only this command needs them

    strategy = find_strategy(options.strategy, STRATEGIES)
    run = audit.run_audit if strategy.family.holds_weights else audit_positions.run_audit
    return run(strategy, options.prices, samples=options.samples, seed=options.seed, as_json=options.json)
