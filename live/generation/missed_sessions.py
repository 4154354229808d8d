"""Sessions without a run: the next run names them, notes them in the ledger and alerts; they are skipped."""

from __future__ import annotations

from datetime import date, timedelta

from backtest.calendar import sessions as calendar
from live.alerts.causes import key_of
from live.alerts.channels import Level
from live.alerts.outbox import send
from live.books.variants import BookVariant
from live.runtime.runtime import RunContext

LISTED = 5
#: so many sessions in a row without an execution are critical
IN_A_ROW = 3


def note_missed(context: RunContext, variant: BookVariant, day: date) -> str:
    """Note the sessions between the last run of a primary and `day`; return a line about them, or nothing.

    The policy is fixed: a missed session is skipped, because its prices are gone. The rules decide anew on
    today's bars, and nothing is bought that belonged to another day.
    """
    runs = context.ledger.runs
    newest = runs.last_session(variant.name)
    if newest is None or newest >= day:
        return ""
    between = calendar.sessions(newest, day - timedelta(days=1))
    gone = [
        session
        for session in runs.missing_sessions([s.day for s in between], variant.name)
        if (known := runs.get(session, variant.name)) is None or not known.missed
    ]
    if not gone:
        return ""
    for session in gone:
        runs.missed(session, variant.name, mode=context.settings.mode)
    more = f" and {len(gone) - LISTED} more" if len(gone) > LISTED else ""
    text = (
        f"{variant.name}: {len(gone)} session(s) were not executed "
        f"({', '.join(map(str, gone[:LISTED]))}{more}); "
        "they are skipped, today is decided anew"
    )
    level: Level = "critical" if _in_a_row(context, variant, day) >= IN_A_ROW else "warning"
    send(
        context,
        key=key_of("missed", variant=variant.name, session=day),
        level=level,
        title="missed sessions",
        body=text,
    )
    return text


def _in_a_row(context: RunContext, variant: BookVariant, day: date) -> int:
    """Return how many of the newest sessions before `day` the run log knows as missed, one after another."""
    before, count = day, 0
    while count < IN_A_ROW:
        before = calendar.previous_session(before).day
        known = context.ledger.runs.get(before, variant.name)
        if known is None or not known.missed:
            break
        count += 1
    return count
