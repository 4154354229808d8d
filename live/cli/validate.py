"""`jutsu validate`: after the close, was today's decision the one the final bars call for?

Meant for a daily cron line some minutes after the close. Per session it leaves in `state/reports/` (beside
the ledger) `validation_<date>.json` and `.txt` about every variant, `validation_<date>_<variant>` as JSON,
text and HTML, figures in the ledger for the rolling statistics, and one alert: critical for RED, warning for
YELLOW, info for GREEN.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    PricesOption,
    StateOption,
    echo,
    emit_json,
    open_command,
    options_of,
    parse_date,
)
from live.operations.watch import tell_missed
from live.reporting.files import keep
from live.reporting.html import html_of
from live.reporting.mail import channels_of
from live.reporting.validation import joined, validation_report
from live.runtime.lifecycle import attempted
from live.shadow.closes import mark_every_book
from live.validation.report import announce, level_of, lines, variant_report, worst_of
from live.validation.sessions import judge_session, sessions_of
from live.views.validate import validation_of

if TYPE_CHECKING:
    from live.reporting.document import Document
    from live.runtime.options import Options
    from live.runtime.runtime import Runtime
    from live.validation.verdict import Judged


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    *,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="Session (default: the last one closed).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Validate every session from here on.")
    ] = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Compare decisions and fills with the final bars; exit code 4 when anything is RED, 5 without bars."""
    from live.metrics.measured import measured
    from live.model.run import TENDING

    options = replace(options_of(config, state_db), prices=prices)
    by_clock = day is None and since is None and prices is None  # as cron calls it
    with measured("validate", options, TENDING) if by_clock else nullcontext():
        _validate(options, parse_date(since, "--since"), parse_date(day, "--date"), as_json=as_json)


def _announce(runtime: Runtime, judged: list[Judged]) -> tuple[str, ...]:
    """Send one alert with a page about everything validated, to the channels of reports when all is GREEN."""
    page = attempted("the page of the validation", lambda: html_of(_document(judged)))
    to = channels_of(runtime.settings, "validation", level_of(judged))
    return announce(runtime.context, judged, html=page, to=to)


def _document(judged: list[Judged]) -> Document:
    worst_first = sorted(judged, key=lambda item: item.validation.verdict != worst_of(judged))
    documents = [validation_report(variant_report(item)).document for item in worst_first]
    return documents[0] if len(documents) == 1 else joined(documents, f"validation: {worst_of(judged)}")


def _keep_report(runtime: Runtime, item: Judged) -> None:
    keep(runtime.state / "reports", validation_report(variant_report(item)), runtime.settings.account)


def _prices_used(options: Options, first: date | None, last: date | None) -> Path | None:
    from live.model.run import Reading
    from live.validation.sessions import prices_used

    with open_command(config=options.config, state_db=options.state_db, run=Reading()) as runtime:
        return prices_used(runtime.ledger, sessions_of(runtime.ledger, runtime.clock, last, first)[0])


def _validate(options: Options, first: date | None, last: date | None, *, as_json: bool) -> None:
    from backtest.core.errors import DisagreementError
    from live.system.screen import complain

    prices = options.prices or _prices_used(options, first, last)
    with open_command(config=options.config, state_db=options.state_db, prices=prices) as runtime:
        missed = tell_missed(runtime.context)  # before the work below, which may stop for want of a bar
        days, why_none = sessions_of(runtime.ledger, runtime.clock, last, first)
        found = [judge_session(runtime.context, runtime.feed, session) for session in days]
        judged = [item for verdicts, _ in found for item in verdicts]
        problems = [(name, error) for _, errors in found for name, error in errors.items()]
        mark_every_book(runtime.context, runtime.broker, runtime.feed)
        for item in judged:
            attempted("a validation report", partial(_keep_report, runtime, item))
        for problem in _announce(runtime, judged) if judged else ():
            complain(problem)
    for text in missed:
        complain(f"MISSED: {text}")
    if as_json:
        emit_json(validation_of(judged, why_none, missed))
    elif not judged and not problems:
        echo(why_none)
    elif judged:
        echo("\n\n".join("\n".join(lines(item)) for item in judged))
    for name, error in problems:
        complain(f"{name}: no verdict: {error.line()}")
    if worst_of(judged) == "RED":
        raise typer.Exit(DisagreementError.exit_code)
    if problems:
        raise problems[0][1]
