"""Whether a file is due: the days, the minutes before a window, and what happens after it."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import LimitError
from live.books.variants import BookVariant
from live.generation.due import LEAD, Due, NotDue, due
from live.ledger.ledger import GeneratedSignal, Ledger
from tests.support.scripted_strategy import ScriptedWeights

MONDAY = date(2024, 3, 18)
SESSION = calendar.session(MONDAY)
NIGHT = timedelta(hours=9)


def line(execution_time: str = "15min_before_close") -> BookVariant:
    return BookVariant(ScriptedWeights({}, execution_time=execution_time), "primary", "test")


def asked(at: Any, execution_time: str = "15min_before_close", *, known: bool = False) -> Any:
    ledger = Ledger.open("sqlite://", account="paper", now=datetime(2024, 1, 1, tzinfo=UTC))
    if known:
        ledger.signals.record(
            GeneratedSignal(MONDAY, "test", "primary", "p.json", "{}", "a" * 64, "b" * 64, SESSION.open)
        )
    clock = SimpleNamespace(now=lambda: at)
    runtime = SimpleNamespace(
        today=lambda: at.astimezone(NEW_YORK).date(), clock=clock, ledger=ledger, arrive=lambda _: at
    )
    return due(runtime, line(execution_time))


def test_nothing_is_due_on_a_day_without_trading() -> None:
    found = asked(datetime(2024, 3, 16, 15, tzinfo=UTC))
    assert found == NotDue("2024-03-16 is not a trading day: nothing to do")


@pytest.mark.parametrize("name", ["15min_before_close", "5min_before_close", "close"])
def test_a_closing_window_may_be_prepared_an_hour_before_it(name: str) -> None:
    window = calendar.window(SESSION, name)
    earliest = window.opens_at - LEAD
    assert asked(earliest, name) == Due(SESSION, window, earliest)
    assert "too early" in asked(earliest - timedelta(seconds=1), name).why


@pytest.mark.parametrize("name", ["open", "15min_after_open"])
def test_an_opening_window_may_be_prepared_from_the_night_before_it(name: str) -> None:
    window = calendar.window(SESSION, name)
    assert isinstance(asked(SESSION.open - NIGHT, name), Due)
    assert "too early" in asked(SESSION.open - NIGHT - timedelta(seconds=1), name).why
    assert isinstance(asked(window.closes_at, name), Due)


def test_a_window_that_is_over_is_an_error_unless_its_file_exists() -> None:
    late = calendar.window(SESSION, "15min_before_close").closes_at + timedelta(seconds=1)
    with pytest.raises(LimitError, match="closed at 15:55") as raised:
        asked(late)
    assert raised.value.exit_code == 7
    assert "already done" in asked(late, known=True).why
