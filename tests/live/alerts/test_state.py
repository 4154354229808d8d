"""What doctor says of the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from live.alerts import delivery, outbox
from live.alerts.state import alerts_state, channel_problems
from live.ledger.ledger import Ledger
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from tests.support.alert_context import AlertContext
from tests.support.alert_servers import webhook

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
AT = datetime(2026, 11, 20, 20, 56, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AlertContext]:
    for name in ("JUTSU_ALERT_URLS", "JUTSU_ALERT_MAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(delivery, "_HANGING", set())
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        yield AlertContext(ledger, tmp_path, SimulatedClock(AT))


def test_nobody_hears_and_nothing_waits(context: AlertContext) -> None:
    found = alerts_state(context)
    assert (found.nobody, found.lines, found.remedy) == (True, (), "")


def test_a_channel_without_an_address_fails_and_is_then_given_up(context: AlertContext) -> None:
    context.settings = Settings.model_validate({"alerts": {"channels": {"critical": ["sms"]}}})
    assert alerts_state(context).lines == ("no address: sms",)
    (warning,) = outbox.send(context, key="k", level="critical", title="t", body="b")
    assert "put JUTSU_ALERT_SMS=URL into secrets.env" in warning
    assert "1 not delivered: sms: has no address" in alerts_state(context).problems[1]
    for hours in range(1, 60):
        context.clock.set(AT + timedelta(hours=hours))
        outbox.flush(context)
    dead = [line for line in alerts_state(context).problems if "given up" in line]
    assert "alerts: no address: sms; `jutsu alerts test`" in channel_problems(context)
    assert f"alerts: {dead[0]}; `jutsu alerts list`" in channel_problems(context)
    assert dead == ["1 given up: sms: has no address: put JUTSU_ALERT_SMS=URL into secrets.env"]


def test_an_open_critical_is_named_with_its_command(
    context: AlertContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as server:
        monkeypatch.setenv("JUTSU_ALERT_MAIL", server.url)
        outbox.send(context, key="k", level="critical", title="no stop", body="b")
    context.clock.set(AT + timedelta(minutes=1))
    found = alerts_state(context)
    assert found.problems == ("1 critical not acknowledged: no stop",)
    assert found.remedy == "jutsu alerts ack 1"
    assert channel_problems(context) == ()  # it was heard


def test_an_unreadable_list_of_addresses_is_said(context: AlertContext) -> None:
    path = context.state / "alert_urls"
    path.write_text("json://localhost/a")
    path.chmod(0o644)
    found = alerts_state(context)
    assert not found.nobody
    assert "chmod 600" in found.problems[0]
