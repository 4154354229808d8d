"""The session at which the candidates of a report are traded."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from backtest.calendar import sessions as calendar

EntryMode = Literal["report_open", "next_day_open"]


def entry_session(report_date: date, mode: EntryMode) -> date:
    """Return the session a report is traded at: the first on or after its date, or strictly after it."""
    start = report_date - timedelta(days=1) if mode == "report_open" else report_date
    return calendar.next_session(start).day


def session_of_report(report_date: date, mode: EntryMode, generated_at: datetime | None = None) -> date:
    """Return the session a report is traded at, moved on by one when it was made after that session's close.

    Only until the next session's day begins: a report made later still is an old one, written again.

    Args:
        report_date: date of the report.
        mode: how that date leads to a session.
        generated_at: aware instant the report was made, None when unknown.
    """
    day = entry_session(report_date, mode)
    if generated_at is None or calendar.last_closed_session(generated_at).day != day:
        return day
    after = calendar.next_session(day).day
    return after if generated_at.astimezone(calendar.NEW_YORK).date() < after else day
