"""Whether a file is due: the days, the minutes before a window, and what happens after it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backtest.core.decision import ExecutionTime
from backtest.core.errors import LimitError
from live.books.variants import BookVariant
from live.generation.due import LEAD, Due, NotDue, due
from live.ledger.ledger import GeneratedSignal, Ledger
from tests.support.calendar_days import session_on, window_on
from tests.support.runtimes import runtime_in
from tests.support.scripted_strategy import ScriptedWeights

MONDAY = date(2024, 3, 18)
SESSION = session_on(MONDAY)
NIGHT = timedelta(hours=9)


def asked(
    folder: Path, at: datetime, execution_time: ExecutionTime = "15min_before_close", *, known: bool = False
) -> Due | NotDue:
    """The answer at an instant; `known`: the ledger has the file of Monday."""
    ledger = Ledger.open("sqlite://", account="paper", now=datetime(2024, 1, 1, tzinfo=UTC))
    if known:
        ledger.signals.record(
            GeneratedSignal(MONDAY, "test", "primary", "p.json", "{}", "a" * 64, "b" * 64, SESSION.open)
        )
    variant = BookVariant(ScriptedWeights({}, execution_time=execution_time), "primary", "test")
    return due(runtime_in(folder, at, ledger=ledger).context, variant)


def why_not(found: Due | NotDue) -> str:
    assert isinstance(found, NotDue)
    return found.why


def test_nothing_is_due_on_a_day_without_trading(tmp_path: Path) -> None:
    found = asked(tmp_path, datetime(2024, 3, 16, 15, tzinfo=UTC))
    assert found == NotDue("2024-03-16 is not a trading day: nothing to do")


@pytest.mark.parametrize("name", ["15min_before_close", "5min_before_close", "close"])
def test_a_closing_window_may_be_prepared_an_hour_before_it(tmp_path: Path, name: ExecutionTime) -> None:
    window = window_on(MONDAY, name)
    earliest = window.opens_at - LEAD
    assert asked(tmp_path, earliest, name) == Due(SESSION, window, earliest)
    assert "too early" in why_not(asked(tmp_path, earliest - timedelta(seconds=1), name))


@pytest.mark.parametrize("name", ["open", "15min_after_open"])
def test_an_opening_window_may_be_prepared_from_the_night_before_it(
    tmp_path: Path, name: ExecutionTime
) -> None:
    window = window_on(MONDAY, name)
    assert isinstance(asked(tmp_path, SESSION.open - NIGHT, name), Due)
    assert "too early" in why_not(asked(tmp_path, SESSION.open - NIGHT - timedelta(seconds=1), name))
    assert isinstance(asked(tmp_path, window.closes_at, name), Due)


def test_a_window_that_is_over_is_an_error_unless_its_file_exists(tmp_path: Path) -> None:
    late = window_on(MONDAY).closes_at + timedelta(seconds=1)
    with pytest.raises(LimitError, match="closed at 15:55") as raised:
        asked(tmp_path, late)
    assert raised.value.exit_code == 7
    assert "already done" in why_not(asked(tmp_path, late, known=True))
