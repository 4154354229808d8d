"""Sessions as files: `events.jsonl`, one event a line, and `journal.csv`, one trade a row."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any, Final

from backtest.research.opening_range_breakout.tables import csv_text, number
from backtest.simulator.intraday.events import Event
from backtest.simulator.intraday.journal import JournalRow

JOURNAL_COLUMNS: Final = tuple(field.name for field in fields(JournalRow))


def events_jsonl(sessions: Iterable[tuple[str, Iterable[Event]]]) -> str:
    """Return the events of sessions, each with the trading day it belongs to, in their order."""
    lines = [
        json.dumps({"trading_day": day} | event.document(), separators=(",", ":"))
        for day, events in sessions
        for event in events
    ]
    return "".join(f"{line}\n" for line in lines)


def journal_csv(rows: Iterable[JournalRow]) -> str:
    """Return the journal; what a trade does not have is an empty cell."""
    return csv_text(JOURNAL_COLUMNS, (tuple(map(_cell, astuple(row))) for row in rows))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return str(value)
