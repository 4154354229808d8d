"""Sessions nobody traded: named once, kept in the run log, alerted."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from live.books.variants import BookVariant
from live.generation.missed_sessions import LISTED, note_missed
from live.runtime.runtime import Runtime
from tests.support.review_world import NOW
from tests.support.runtimes import runtime_in
from tests.support.scripted_strategy import ScriptedWeights

MON, WED, FRI = date(2024, 3, 18), date(2024, 3, 20), date(2024, 3, 22)
VARIANT = BookVariant(ScriptedWeights({}, variant="golden"), "primary", "golden")


@pytest.fixture
def world(tmp_path: Path) -> Runtime:
    made = runtime_in(tmp_path, NOW)
    executed(made, MON)
    return made


def executed(world: Runtime, day: date) -> None:
    at = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
    world.ledger.runs.due(day, "golden", role="primary", mode="offline_mock", due_at=at)
    world.ledger.runs.executed(day, "golden", at=at, exit_code=0, outcome="completed", detail={})


def test_without_a_gap_there_is_nothing_to_say(world: Runtime) -> None:
    assert note_missed(world.context, VARIANT, date(2024, 3, 19)) == ""
    assert note_missed(world.context, VARIANT, MON) == ""


def test_the_sessions_between_are_named_and_kept(world: Runtime) -> None:
    text = note_missed(world.context, VARIANT, FRI)
    assert "3 session(s) were not executed (2024-03-19, 2024-03-20, 2024-03-21)" in text
    assert world.ledger.runs.get(WED, "golden").missed
    assert [alert.key for alert in world.ledger.alerts.recent()] == [f"missed_golden_{FRI}"]


def test_a_gap_is_named_once(world: Runtime) -> None:
    assert note_missed(world.context, VARIANT, FRI)
    assert note_missed(world.context, VARIANT, FRI) == ""


def test_a_long_gap_is_counted_not_listed(world: Runtime) -> None:
    text = note_missed(world.context, VARIANT, date(2024, 4, 8))
    # 19-22 and 25-28 March, 1-5 April; 29 March was Good Friday
    assert f"and {13 - LISTED} more" in text


def test_a_new_book_has_missed_nothing(tmp_path: Path) -> None:
    assert note_missed(runtime_in(tmp_path, NOW).context, VARIANT, FRI) == ""


def test_one_missed_session_is_a_warning(world: Runtime) -> None:
    note_missed(world.context, VARIANT, WED)  # Tuesday
    assert [alert.level for alert in world.ledger.alerts.recent()] == ["warning"]


def test_a_gap_of_three_is_critical_at_once(world: Runtime) -> None:
    note_missed(world.context, VARIANT, FRI)
    assert [alert.level for alert in world.ledger.alerts.recent()] == ["critical"]
