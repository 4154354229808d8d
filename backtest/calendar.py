"""Sessions, early closes, week ends and execution windows of the exchange (XNYS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from backtest.decision import ExecutionTime

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; `open` and `close` are aware New York instants."""

    day: date
    open: datetime
    close: datetime
    early_close: bool


@dataclass(frozen=True, slots=True)
class ExecutionWindow:
    """When orders of a session may be sent.

    Attributes:
        name: execution time.
        opens_at, closes_at: aware New York instants, both inclusive.
        decides_on: newest session whose bar the decision may read.
        fills_at_open: True for the opening windows.
    """

    name: ExecutionTime
    opens_at: datetime
    closes_at: datetime
    decides_on: date
    fills_at_open: bool


def session(day: date) -> Session | None:
    """Return the session of `day`, None when the exchange is closed; DataError outside the table."""
    raise NotImplementedError


def sessions(start: date, end: date) -> Sequence[Session]:
    """Return every session from `start` to `end`, both inclusive."""
    raise NotImplementedError


def previous_session(day: date) -> Session:
    """Return the last session strictly before `day`."""
    raise NotImplementedError


def next_session(day: date) -> Session:
    """Return the first session strictly after `day`."""
    raise NotImplementedError


def is_week_end(day: date) -> bool:
    """Tell whether `day` is the last session of its ISO week."""
    raise NotImplementedError


def window(of: Session, execution_time: ExecutionTime) -> ExecutionWindow:
    """Return the execution window of a session; closing windows move with an early close."""
    raise NotImplementedError
