"""Who hears an alert and when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backtest.core.errors import SettingsError
from live.alerts.channels import LEVELS, Level
from live.alerts.routing import (
    GIVE_UP,
    MIN_TRIES,
    addressed,
    digest_channels,
    first_due,
    newest_daily,
    next_try,
)
from live.settings.model import AlertSettings

AT = datetime(2026, 11, 20, 20, 56, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
MAPPED: Any = {"critical": ["sms", "mail"], "warning": ["mail"], "info": ["digest"]}


def settings(**values: Any) -> AlertSettings:
    return AlertSettings.model_validate(values)


@pytest.mark.parametrize(
    ("level", "report", "wanted"),
    [
        ("critical", False, ("sms", "mail")),
        ("warning", False, ("mail",)),
        ("info", False, ("digest",)),
        ("info", True, ("mail",)),
    ],
)
def test_each_level_goes_to_its_channels(level: Level, report: bool, wanted: tuple[str, ...]) -> None:
    assert addressed(settings(channels=MAPPED), level, ("sms", "mail", "chat"), report=report) == wanted


def test_a_level_that_is_not_named_goes_everywhere_from_the_minimum_up() -> None:
    wanted = settings(channels={"critical": ["sms"]})
    assert addressed(wanted, "warning", ("sms", "mail"), report=False) == ("sms", "mail")
    assert addressed(wanted, "info", ("sms", "mail"), report=False) == ()
    assert addressed(settings(execution_report=False), "info", ("mail",), report=True) == ()
    assert addressed(settings(), "info", ("mail",), report=True) == ("mail",)


def test_the_daily_mail_goes_where_warnings_go() -> None:
    assert digest_channels(settings(channels=MAPPED), ("sms", "mail")) == ("mail",)
    assert digest_channels(settings(channels={"critical": ["sms"], "warning": ["digest"]}), ("a",)) == (
        "sms",
    )
    assert digest_channels(settings(), ("a", "b")) == ("a", "b")
    assert digest_channels(settings(channels=MAPPED, digest_channels=["chat"]), ()) == ("chat",)


@pytest.mark.parametrize(
    "values",
    [
        {"channels": {"critical": []}},
        {"channels": {"critical": ["digest"]}},
        {"channels": {"urgent": ["mail"]}},
        {"channels": {"warning": ["Mail Box"]}},
        {"digest_channels": ["digest"]},
        {"digest_at": "25:00"},
        {"quiet_hours": "22-7"},
    ],
)
def test_settings_under_which_nothing_would_be_heard_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**values)


def test_a_time_without_quotes_is_what_yaml_made_of_it() -> None:
    assert settings(digest_at=17 * 60 + 5).digest_at == "17:05"


@given(
    minute=st.integers(0, 60 * 24 * 370),
    begin=st.integers(0, 1439),
    end=st.integers(0, 1439),
    zone=st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Sydney"]),
)
def test_warnings_leave_outside_the_quiet_hours_and_criticals_at_once(
    minute: int, begin: int, end: int, zone: str
) -> None:
    now = AT + timedelta(minutes=minute)
    text = "-".join(f"{value // 60:02d}:{value % 60:02d}" for value in (begin, end))
    wanted = settings(quiet_hours=text, time_zone=zone)
    assert first_due(wanted, "critical", now) == now
    due = first_due(wanted, "warning", now)
    assert now <= due <= now + timedelta(hours=25)
    again = first_due(wanted, "warning", due)
    assert again == due or begin == end


def test_quiet_hours_end_on_the_clock_of_their_zone() -> None:
    wanted = settings(quiet_hours="22:00-07:00", time_zone="Europe/Berlin")
    assert first_due(wanted, "info", AT) == AT  # 21:56 in Berlin
    late = AT + timedelta(minutes=5)
    assert first_due(wanted, "info", late) == datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def test_an_unknown_time_zone_is_one_line() -> None:
    with pytest.raises(SettingsError, match=r"no time zone 'Berlin/Germany'"):
        first_due(settings(quiet_hours="22:00-07:00", time_zone="Berlin/Germany"), "info", AT)


def test_a_failed_channel_is_tried_after_1_5_15_60_minutes_then_hourly_then_given_up() -> None:
    now, waits, attempts = AT, [], 1
    while (due := next_try(settings(), "critical", made=AT, attempts=attempts, now=now)) is not None:
        waits.append(round((due - now).total_seconds() / 60))
        now, attempts = due, attempts + 1
    assert waits[:5] == [1, 5, 15, 60, 60]
    assert set(waits[3:]) == {60}
    assert GIVE_UP < now - AT <= GIVE_UP + timedelta(hours=1)


def test_a_host_that_runs_once_a_day_still_tries_often_enough() -> None:
    late = AT + timedelta(days=9)
    assert next_try(settings(), "info", made=AT, attempts=MIN_TRIES - 1, now=late) is not None
    assert next_try(settings(), "info", made=AT, attempts=MIN_TRIES, now=late) is None


@given(minute=st.integers(0, 60 * 24 * 370))
def test_the_newest_daily_time_is_at_most_a_day_old(minute: int) -> None:
    now = AT + timedelta(minutes=minute)
    day, at = newest_daily(settings(digest_at="07:15"), now)
    assert at <= now < at + timedelta(hours=25)
    assert (at.astimezone(NEW_YORK).hour, at.astimezone(NEW_YORK).minute) == (7, 15)
    assert day == at.astimezone(NEW_YORK).date()


def test_days_change_in_the_zone_of_the_settings() -> None:
    sydney = settings(digest_at="08:00", time_zone="Australia/Sydney")
    assert newest_daily(sydney, AT)[0] == date(2026, 11, 20)  # 07:56 on the 21st there
    assert newest_daily(sydney, AT + timedelta(minutes=5))[0] == date(2026, 11, 21)


def test_every_level_can_be_named() -> None:
    assert all(settings(channels={level: ["mail"]}).channels.of(level) == ("mail",) for level in LEVELS)
