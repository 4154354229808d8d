"""The message of an executor run: its report is made from the ledger, kept and sent."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from live.alerts import outbox as alerts
from live.alerts.causes import key_of, urgency_of
from live.execution.position_news import tell_positions
from live.reporting.files import StoredReport, keep
from live.reporting.html import html_of
from live.reporting.mail import channels_of
from live.reporting.making import execution_of
from live.reporting.text import text_of
from live.runtime.lifecycle import attempted
from live.system.screen import complain

if TYPE_CHECKING:
    from live.execution.context import RunNotes
    from live.execution.job import Job
    from live.runtime.runtime import RunContext

LOG = logging.getLogger("jutsu.executor")


def announce(
    context: RunContext, job: Job, notes: RunNotes, summary: str, failure: JutsuError | None = None
) -> bool:
    """Keep the run's report, send it, and return whether it was kept; what fails is printed, never raised."""
    if not context.run.alerts:
        return False
    critical, warnings = notes.news()
    level, cause = urgency_of(critical, warnings, failure)
    made = attempted("the report", lambda: keep_report(context, job))
    report, content, page = (None, "the report could not be made", None) if made is None else made
    title = summary if report is None else report.document.subject
    said = (*critical, *warnings)
    body = "\n".join((*said, *(() if said and failure is None else (summary,)), "", content))
    orders = () if report is None else report.model.orders
    facts = [(order.client_order_id, order.filled, order.state) for order in orders]
    digest = hashlib.sha256(f"{summary}{notes.of_day()}{facts}".encode()).hexdigest()
    detail = f"executor_{digest[:12]}"  # new facts are told again, new prices and old notes are not
    key = key_of(cause, variant=job.variant, session=job.day, detail=detail)
    to = channels_of(context.settings, "execution", level)
    try:
        with alerts.recorded_together(context):
            attempted("a message about positions", lambda: tell_positions(context, job))
            found = alerts.send(
                context, key=key, level=level, title=title, body=body, html=page, to=to, report=True
            )
        for problem in found:
            complain(problem)
    except (OSError, JutsuError) as error:
        LOG.warning("no alert could be kept: %s", error)
        complain(f"warning: no alert could be kept: {error}")
        return False
    return True


def keep_report(context: RunContext, job: Job) -> tuple[StoredReport, str, str]:
    """Make the report of a session from the ledger and keep its files; return it, its text and its page."""
    report = execution_of(context, job.day, job.variant)
    attempted(
        "a file of the report", lambda: keep(context.state / "reports", report, context.settings.account)
    )
    return report, text_of(report.document).rstrip(), html_of(report.document)
