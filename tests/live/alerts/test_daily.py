"""Once a day: the digest, and the criticals nobody acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from live.alerts import delivery, outbox
from live.alerts.channels import Level
from live.alerts.state import alerts_state
from live.ledger.ledger import Ledger
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from tests.support.alert_context import AlertContext
from tests.support.alert_servers import Webhook, webhook

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
AT = datetime(2026, 11, 20, 20, 56, tzinfo=UTC)  # 15:56 in New York
DAY = timedelta(days=1)
MAPPED: Any = {"critical": ["sms"], "warning": ["mail"], "info": ["digest"]}


@pytest.fixture
def mail() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def sms() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail: Webhook, sms: Webhook
) -> Iterator[AlertContext]:
    monkeypatch.delenv("JUTSU_ALERT_URLS", raising=False)
    monkeypatch.setattr(delivery, "_HANGING", set())
    monkeypatch.setenv("JUTSU_ALERT_MAIL", mail.url)
    monkeypatch.setenv("JUTSU_ALERT_SMS", sms.url)
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        settings = Settings.model_validate({"alerts": {"channels": MAPPED}})
        yield AlertContext(ledger, tmp_path, SimulatedClock(AT), settings)


def say(context: AlertContext, key: str, level: Level = "info") -> None:
    assert outbox.send(context, key=key, level=level, title=f"title of {key}", body=f"body\nof {key}") == ()


def flush_at(context: AlertContext, at: datetime) -> None:
    context.clock.set(at)
    assert outbox.flush(context) == ()


def test_each_level_reaches_its_channels(context: AlertContext, mail: Webhook, sms: Webhook) -> None:
    say(context, "a", "critical")
    say(context, "b", "warning")
    say(context, "c", "info")
    assert (sms.titles, mail.titles) == (["title of a"], ["title of b"])


def test_what_needs_nothing_goes_into_one_mail_at_its_time(
    context: AlertContext, mail: Webhook, sms: Webhook
) -> None:
    say(context, "a")
    say(context, "b")
    assert alerts_state(context).notes == ("2 for the daily mail",)
    flush_at(context, AT + timedelta(minutes=90))  # 17:26
    assert mail.titles == []
    flush_at(context, AT + timedelta(minutes=95))  # 17:31
    assert mail.titles == ["jutsu: 2 message(s) up to 2026-11-20"]
    assert "2026-11-20 15:56  title of a\n  body\n  of a" in mail.messages[0]["message"]
    say(context, "late")
    for hours in range(2, 20):
        flush_at(context, AT + timedelta(hours=hours))
    assert len(mail.titles) == 1
    flush_at(context, AT + DAY + timedelta(hours=2))
    assert mail.titles[1:] == ["jutsu: 1 message(s) up to 2026-11-21"]
    assert sms.titles == []
    assert context.ledger.alerts.unsent() == ()


def test_a_day_without_news_has_no_mail(context: AlertContext, mail: Webhook, sms: Webhook) -> None:
    for hours in range(0, 72, 3):
        flush_at(context, AT + timedelta(hours=hours))
    assert mail.titles == sms.titles == []


def test_an_open_critical_rings_daily_until_somebody_knows_of_it(context: AlertContext, sms: Webhook) -> None:
    say(context, "a", "critical")
    say(context, "b", "critical")
    for hours in range(1, 24 * 3):
        flush_at(context, AT + timedelta(hours=hours))
    reminder = "2 critical alert(s) nobody acknowledged"
    assert sms.titles[2:] == [reminder, reminder]
    assert sms.messages[-1]["message"].endswith("jutsu alerts ack 1 2")
    context.ledger.alerts.acknowledge(1, by="me", at=context.clock.now())
    flush_at(context, AT + 3 * DAY + timedelta(hours=2))
    assert sms.titles[-1] == "1 critical alert(s) nobody acknowledged"
    context.ledger.alerts.acknowledge(2, by="me", at=context.clock.now())
    flush_at(context, AT + 9 * DAY)
    assert len(sms.titles) == 5


def test_a_host_that_runs_once_a_day_still_reminds(context: AlertContext, sms: Webhook) -> None:
    say(context, "a", "critical")
    for days in range(1, 5):
        flush_at(context, AT + days * DAY)
    assert len(sms.titles) == 1 + 3


def test_quiet_hours_delay_warnings_and_never_criticals(
    context: AlertContext, mail: Webhook, sms: Webhook
) -> None:
    alerts = {"channels": MAPPED, "quiet_hours": "21:00-07:00", "time_zone": "Europe/Berlin"}
    context.settings = Settings.model_validate({"alerts": alerts})
    say(context, "a", "critical")
    say(context, "b", "warning")
    assert (sms.titles, mail.titles) == (["title of a"], [])
    flush_at(context, datetime(2026, 11, 21, 5, 59, tzinfo=UTC))
    assert mail.titles == []
    flush_at(context, datetime(2026, 11, 21, 6, 0, tzinfo=UTC))
    assert mail.titles == ["title of b"]


def test_a_wrong_time_zone_holds_nothing_back_silently(context: AlertContext) -> None:
    alerts = {"quiet_hours": "21:00-07:00", "time_zone": "Berlin"}
    context.settings = Settings.model_validate({"alerts": alerts})
    (problem,) = outbox.send(context, key="k", level="warning", title="t", body="b")
    assert "alerts.time_zone" in problem
    assert any("alerts.time_zone" in text for text in outbox.flush(context))
