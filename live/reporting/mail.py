"""Reports as messages: text and page through the outbox, to the channels of `reports.mail`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.alerts import outbox
from live.alerts.causes import key_of
from live.ledger.alerts import DIGEST
from live.reporting.html import html_of
from live.reporting.text import text_of

if TYPE_CHECKING:
    from datetime import date

    from live.alerts.channels import Level
    from live.reporting.files import Kind, PeriodKind, StoredReport
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings


def channels_of(settings: Settings, kind: Kind, level: Level) -> tuple[str, ...]:
    """Return the channels of a report; none: those its level has.

    Warnings and criticals go where their level goes, whatever `reports.mail` names. A validation that is
    GREEN goes into the daily mail once reports are mailed at all.
    """
    mail = settings.reports.mail
    if level != "info" or not mail:
        return ()
    return (DIGEST,) if kind == "validation" else mail


def key_of_period(kind: PeriodKind, day: date) -> str:
    """Return the key of the message about a period; it is sent once for all time."""
    return key_of(kind, session=day)


def send_period(context: RunContext, report: StoredReport) -> tuple[str, ...]:
    """Send the report of a week or a month; return what kept it from being delivered."""
    return outbox.send(
        context,
        key=key_of_period("weekly" if report.kind == "weekly" else "monthly", report.day),
        level="info",
        title=report.document.subject,
        body=text_of(report.document).rstrip(),
        html=html_of(report.document),
        to=channels_of(context.settings, report.kind, "info"),
        report=True,
    )
