"""`jutsu report execution | validation | weekly | monthly`: made from what the ledger and the bars say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
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
    parse_date,
)
from live.model.run import TENDING, Reading, Run

if TYPE_CHECKING:
    from live.reporting.files import PeriodKind, StoredReport
    from live.runtime.runtime import Runtime

    Make = Callable[[Runtime, date | None, str | None], tuple[StoredReport, ...]]

SessionArgument = Annotated[
    str | None, typer.Argument(metavar="[DATE]", help="Session, YYYY-MM-DD (default: the newest).")
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", help="One variant (default: every one of that session).")
]
PeriodArgument = Annotated[
    str | None, typer.Argument(metavar="[DATE]", help="A day after the period, YYYY-MM-DD (default: today).")
]
MailOption = Annotated[
    bool, typer.Option("--mail", help="Send it when it is due, once (as the schedule does).")
]


def execution(
    day: SessionArgument = None,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Make the report of stage 2 again: orders, fills, allocation, value; keep its files and show it."""
    from live.reporting.making import executions

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        made = _kept(runtime, executions(runtime.context, parse_date(day, "DATE"), variant))
    show(made, as_json=as_json)


def validation(
    day: SessionArgument = None,
    variant: VariantOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Make the report of a validation again from the final bars; exit code 5 when one is missing."""
    from live.reporting.making import validations

    with open_command(config=config, state_db=state_db, prices=prices, run=Reading()) as runtime:
        made = _kept(runtime, validations(runtime.context, runtime.feed, parse_date(day, "DATE"), variant))
    show(made, as_json=as_json)


def weekly(
    day: PeriodArgument = None,
    mail: MailOption = False,
    prices: PricesOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Make the report of the newest week that is over (a Sunday ends one): return, backtest, go or no-go."""
    from live.reporting.periods import weekly_of
    from live.views.weekly_report import week_until

    with open_command(config=config, state_db=state_db, prices=prices, run=_kind(mail)) as runtime:
        asked = parse_date(day, "DATE") or runtime.today()
        last = week_until(asked)[1]
        if mail and (_nothing_yet(runtime, last) or _was_sent(runtime, "weekly", last)):
            return
        made = _period(runtime, weekly_of(runtime.context, runtime.feed, asked), mail=mail)
    show((made,), as_json=as_json)


def monthly(
    day: PeriodArgument = None,
    mail: MailOption = False,
    prices: PricesOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Make the report of the month that is over: causes, shadows, changes, the machine, realised gains."""
    from live.reporting.periods import first_session_after, monthly_of
    from live.views.monthly_report import month_before

    with open_command(config=config, state_db=state_db, prices=prices, run=_kind(mail)) as runtime:
        asked = parse_date(day, "DATE") or runtime.today()
        first, last = month_before(asked)
        due = first_session_after(last)
        if mail and asked < due:
            echo(f"the report of {first:%Y-%m} is due on {due}")
            return
        if mail and (_nothing_yet(runtime, last) or _was_sent(runtime, "monthly", due)):
            return
        made = _period(runtime, monthly_of(runtime.context, runtime.broker, runtime.feed, asked), mail=mail)
    show((made,), as_json=as_json)


def _kind(mail: bool) -> Run:
    return TENDING if mail else Reading()


def _nothing_yet(runtime: Runtime, last: date) -> bool:
    """Whether no book had begun when a period ended; then it is said, and nothing is sent."""
    from live.reporting.periods import no_book

    problem = no_book(runtime.context, last)
    if problem:
        echo(problem)
    return bool(problem)


def _was_sent(runtime: Runtime, kind: PeriodKind, day: date) -> bool:
    """Whether the report of a period is in the outbox already; then it is said."""
    from live.reporting.mail import key_of_period

    if not runtime.ledger.alerts.known(key_of_period(kind, day)):
        return False
    echo(f"already sent: {kind}_{day}")
    return True


def _period(runtime: Runtime, report: StoredReport, *, mail: bool) -> StoredReport:
    """Keep the report of a period and send it."""
    from live.reporting.mail import send_period
    from live.system.screen import complain

    _kept(runtime, (report,))
    for problem in send_period(runtime.context, report) if mail else ():
        complain(problem)
    return report


def _kept(runtime: Runtime, reports: tuple[StoredReport, ...]) -> tuple[StoredReport, ...]:
    from backtest.core.errors import UsageError
    from live.reporting.files import keep

    folder = runtime.state / "reports"
    try:
        for report in reports:
            keep(folder, report, runtime.settings.account)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="check folder and disk"
        ) from error
    return reports


def show(reports: tuple[StoredReport, ...], *, as_json: bool) -> None:
    """Print reports as text, or their models: one document, a list when there are several."""
    from live.reporting.text import text_of

    models = [report.model for report in reports]
    if as_json:
        emit_json(models[0] if len(models) == 1 else models)
    else:
        echo("\n".join(text_of(report.document) for report in reports), nl=False)
