"""Sessions and windows of days that a test knows to be sessions."""

from datetime import date

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import ExecutionWindow, Session
from backtest.core.decision import ExecutionTime


def session_on(day: date) -> Session:
    """The session of a New York date; a day without one fails the test."""
    found = calendar.session(day)
    assert found is not None, f"{day} is no session"
    return found


def window_on(day: date, execution_time: ExecutionTime = "15min_before_close") -> ExecutionWindow:
    """The execution window of that session."""
    return calendar.window(session_on(day), execution_time)
