"""The session at which the candidates of a report are traded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from backtest.calendar import sessions as calendar

EntryMode = Literal["report_open", "next_day_open"]


def entry_session(report_date: date, mode: EntryMode) -> date:
    """Return the session a report is traded at: the first on or after its date, or strictly after it."""
    start = report_date - timedelta(days=1) if mode == "report_open" else report_date
    return calendar.next_session(start).day
