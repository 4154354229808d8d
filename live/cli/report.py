"""`jutsu report parse | check`: what a report of candidates says, and what a book would do with it.

The reports that the program makes itself are registered beside them: `live.cli.report_made`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli import report_made
from live.cli.common import (
    ConfigOption,
    JsonOption,
    PricesOption,
    StateOption,
    console,
    emit_json,
    open_command,
)
from live.model.run import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backtest.candidates.report import CandidateReport
    from backtest.core.decision import EntrySignal
    from live.generation.report_check import ReportCheck


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, help="Reports: of runs and books; what a report of candidates says."
    )
    made = (report_made.execution, report_made.validation, report_made.weekly, report_made.monthly)
    for command in (*made, parse, check):
        group.command()(command)
    app.add_typer(group, name="report")


def parse(
    file: Annotated[Path, typer.Argument(help="Report: JSON (strict, as in live trading) or HTML.")],
    as_json: JsonOption = False,
    loose: Annotated[
        bool,
        typer.Option("--loose", help="JSON: drop bad entries instead of rejecting the file (simulation)."),
    ] = False,
) -> None:
    """Read a report and show its candidates and findings; exit code 2 when it is rejected."""
    from backtest.core.errors import UsageError

    report = read_file(file, loose=loose)
    if as_json:
        emit_json(report.as_json())
    else:
        _show(report)
    if not report.accepted:
        raise typer.Exit(UsageError.exit_code)


def read_file(path: Path, *, loose: bool = False) -> CandidateReport:
    """Read a report file; UsageError when it cannot be opened or is neither JSON nor HTML."""
    from backtest.candidates.html.reader import read_html
    from backtest.candidates.json_reader import read_loose, read_strict
    from backtest.core.errors import UsageError
    from backtest.core.files import LARGE, read_regular

    kind = path.suffix.lower()
    if kind not in {".json", ".html", ".htm"}:
        raise UsageError("not a report", where=str(path), remedy="give a .json or .html file")
    try:
        content = read_regular(path, LARGE)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if kind != ".json":
        return read_html(content, path.name)
    return (read_loose if loose else read_strict)(content, path.name)


def _show(report: CandidateReport) -> None:
    from rich.table import Table

    screen = console()
    table = Table("ticker", "grade", "score", "price", "gap %", "company", "source", box=None)
    for candidate in report.candidates:
        row = candidate.as_json()
        names = ("ticker", "grade", "score", "price", "gap_size", "company_name", "grade_source")
        table.add_row(*("-" if row[name] is None else str(row[name]) for name in names))
    if report.candidates:
        screen.print(table)
    verdict = "" if report.accepted else f", rejected ({report.reason}): entries would be blocked"
    screen.print(
        f"{len(report.candidates)} candidates for {report.report_date or 'an unknown date'}{verdict}"
    )
    if report.counters_agree is False:
        screen.print("the page's own counters disagree with what was read: entries would be blocked")
    for finding in report.findings:
        screen.print(f"- {finding}")


def check(
    file: Annotated[Path, typer.Argument(help="Report: JSON or HTML.")],
    strategy: Annotated[
        str | None,
        typer.Option("--strategy", help="The book's primary (default: the only one that reads reports)."),
    ] = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Say which session a report is for and what would be bought or skipped; exit 2: it may not be used.

    The book is taken as the ledger knows it now; the signal file decides on that morning's account.
    """
    from backtest.core.errors import UsageError
    from live.generation.report_check import check_report

    with open_command(config=config, state_db=state_db, prices=prices, run=Reading()) as runtime:
        found = check_report(runtime.context, runtime.feed, file, strategy)
    if as_json:
        emit_json(found)
    else:
        for text in check_lines(found):
            console().print(text)
    if found.problems:
        raise typer.Exit(UsageError.exit_code)


def check_lines(found: ReportCheck) -> Iterator[str]:
    """Yield what a report leads to, in words."""
    from live.views.words import skipped_because

    yield f"{found.file}, dated {found.report_date or 'nowhere'}, for {found.variant}"
    if found.session is not None:
        moved = " (it was made after the close of its own session)" if found.made_after_close else ""
        yield f"it is for the session {found.session}{moved}"
    if found.window_over:
        yield "that session's window is over: nothing of it will be bought"
    for problem in found.problems:
        yield f"NOTHING would be bought: {problem}"
    if found.rotated_out is not None:
        yield f"sell {found.rotated_out}: the book is full, and it makes room for {found.entries[0].symbol}"
    for entry in found.entries:
        yield _entry_line(entry)
    for skip in found.skipped:
        yield f"skip {skip.symbol}: {skipped_because(skip.reason, skip.details)}"
    yield from (f"note: {note}" for note in found.notes)
    if not found.cash_known:
        yield "the account's cash is not known yet: what it cannot pay for will be skipped"


def _entry_line(entry: EntrySignal) -> str:
    value = entry.quantity * entry.reference_price
    stop = "" if entry.stop_price is None else f", stop {entry.stop_price:,.2f}"
    company = entry.details.get("company_name")
    name = f" ({company})" if company else ""
    return (
        f"buy {entry.quantity:,} {entry.symbol}{name} at about {entry.reference_price:,.2f} "
        f"= {value:,.2f}{stop}: {entry.reason}"
    )
