"""`jutsu report parse`: what a report of candidates says, and why anything in it was not taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import JsonOption, console, emit_json

if TYPE_CHECKING:
    from backtest.candidates.report import Report


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Reports of earnings candidates.")
    group.command("parse")(parse)
    app.add_typer(group, name="report")


def parse(
    file: Annotated[Path, typer.Argument(help="Report: JSON (strict, as in live trading) or HTML.")],
    as_json: JsonOption = False,
    loose: Annotated[
        bool,
        typer.Option("--loose", help="JSON: drop bad entries instead of rejecting the file (simulation)."),
    ] = False,
) -> None:
    """Read a report and show its candidates and findings; nothing is traded or stored."""
    report = read_file(file, loose=loose)
    if as_json:
        emit_json(report.as_json())
    else:
        _show(report)


def read_file(path: Path, *, loose: bool = False) -> Report:
    """Read a report file; UsageError when it cannot be opened or is neither JSON nor HTML."""
    from backtest.candidates.html.reader import read_html
    from backtest.candidates.json_reader import read_loose, read_strict
    from backtest.core.errors import UsageError

    kind = path.suffix.lower()
    if kind not in {".json", ".html", ".htm"}:
        raise UsageError("not a report", where=str(path), remedy="give a .json or .html file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if kind != ".json":
        return read_html(content, path.name)
    return (read_loose if loose else read_strict)(content, path.name)


def _show(report: Report) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = console()
    table = Table("ticker", "grade", "score", "price", "gap %", "company", "source", box=None)
    for candidate in report.candidates:
        row = candidate.as_json()
        names = ("ticker", "grade", "score", "price", "gap_size", "company_name", "grade_source")
        table.add_row(*(escape("-" if row[name] is None else str(row[name])) for name in names))
    if report.candidates:
        screen.print(table)
    verdict = "" if report.accepted else f", rejected ({report.reason}): entries would be blocked"
    screen.print(
        f"{len(report.candidates)} candidates for {report.report_date or 'an unknown date'}{verdict}"
    )
    if report.counters_agree is False:
        screen.print("the page's own counters disagree with what was read: entries would be blocked")
    for finding in report.findings:
        screen.print(f"- {escape(str(finding))}")
