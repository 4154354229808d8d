"""Every kind of run and what it may do; the table is what the stages and commands rely on."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from live.model.run import (
    TENDING,
    AsOf,
    Confirming,
    Daily,
    Demo,
    DryRun,
    Emergency,
    Overview,
    PastSession,
    Reading,
    Replay,
    asked_for,
    parse_as_of,
)

PAST = AsOf(date(2025, 3, 5), None)
STOPS, LOOKS = Emergency(), Overview()
EVERY = [
    Daily(),
    TENDING,
    Confirming(),
    Reading(),
    STOPS,
    LOOKS,
    PastSession(PAST),
    DryRun(),
    DryRun(PAST),
    Replay(),
    Demo(),
]


def answering(name: Any) -> Any:
    return [run for run in EVERY if getattr(run, name)]


@pytest.mark.parametrize(
    ("question", "yes"),
    [
        ("durable", [run for run in EVERY if run not in (Replay(), Demo())]),
        ("scratch", [DryRun(), DryRun(PAST)]),
        ("creates", [Daily(), TENDING, Confirming(), STOPS, PastSession(PAST), Replay(), Demo()]),
        ("needs_ledger", [Reading(), LOOKS]),
        (
            "needs_confirmation",
            [run for run in EVERY if run not in (TENDING, Confirming(), Reading(), STOPS, LOOKS)],
        ),
        ("lenient", [STOPS, LOOKS]),
        ("writes_log", [run for run in EVERY if run not in (DryRun(), DryRun(PAST))]),
        ("alerts", [Daily(), TENDING, Confirming(), Reading(), STOPS, LOOKS, PastSession(PAST)]),
        ("about_now", [Daily(), TENDING, Confirming(), Reading(), STOPS, LOOKS, DryRun()]),
        ("quotes_have_age", [Daily(), TENDING, Confirming(), Reading(), STOPS, LOOKS, DryRun()]),
        ("repairs", [Daily(), TENDING, Confirming(), Reading(), STOPS, LOOKS, PastSession(PAST)]),
        ("alone", [Replay(), Demo()]),
        ("marks", [run for run in EVERY if run not in (Replay(), Demo())]),
        ("keeps_copies", [run for run in EVERY if run not in (Replay(), Demo())]),
        ("imposes", [Replay(), Demo()]),
        ("as_of", [PastSession(PAST), DryRun(PAST)]),
    ],
)
def test_who_may(question: str, yes: Any) -> None:
    assert answering(question) == yes


def test_only_the_demo_chooses_its_market() -> None:
    assert Replay().imposes == {"approval.policy": "auto", "paper.fault": "none"}
    assert Demo().imposes == {**Replay().imposes, "data.source": "demo"}


@pytest.mark.parametrize("run", EVERY)
def test_a_run_cannot_change_its_mind(run: Any) -> None:
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        run.scratch = not run.scratch
    with pytest.raises(TypeError):
        run.imposes["mode"] = "online_live"


@given(st.dates(date(1991, 1, 1), date(2047, 12, 31)), st.booleans())
def test_a_date_asks_for_that_session(day: Any, dry: Any) -> None:
    run = asked_for(day.isoformat(), dry=dry)
    assert run == (DryRun if dry else PastSession)(AsOf(day, None))
    assert (run.scratch, run.about_now) == (dry, False)


def test_no_date_asks_for_now() -> None:
    assert asked_for(None) == Daily()
    assert asked_for(None, dry=True) == DryRun()


def test_times_without_offset_are_new_york() -> None:
    naive = parse_as_of("2025-03-05T15:55")
    aware = parse_as_of("2025-03-06T01:30:00+00:00")
    assert naive.at == datetime(2025, 3, 5, 20, 55, tzinfo=UTC)
    assert (naive.day, aware.day) == (date(2025, 3, 5), date(2025, 3, 5))


@pytest.mark.parametrize("text", ["yesterday", "2025-02-30", "2025-3-5", "20250305", "2025-W10-3"])
def test_what_is_no_time_is_exit_2(text: str) -> None:
    with pytest.raises(UsageError, match="neither a date nor a time") as stopped:
        asked_for(text)
    assert (stopped.value.exit_code, stopped.value.where) == (2, "--as-of")


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "9999-12-31T23:59"])
def test_a_year_without_a_calendar_is_exit_2(text: str) -> None:
    with pytest.raises(UsageError, match="is outside the years 1991 to 2047"):
        asked_for(text)


def test_an_empty_as_of_is_a_mistake_not_today() -> None:
    """A script whose variable is unset must not trade the session of today."""
    with pytest.raises(UsageError):
        asked_for("")
