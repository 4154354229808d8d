"""Alerts against a real HTTP server: recorded first, quiet when they should be, never failing a run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from apprise.apprise import Apprise

from backtest.core.errors import SettingsError
from live.alerts import addressing, channels, delivery
from live.alerts import outbox as alerts
from live.alerts.channels import Level
from live.ledger.ledger import Ledger
from live.model.run import DAILY, Daily, Replay, asked_for
from live.settings.model import AlertSettings, Settings
from live.system import run_facts
from live.system.clock import SimulatedClock
from live.system.redaction import redact, register_secret
from tests.support.alert_context import AlertContext as Context
from tests.support.alert_servers import mail_server

# The library looks for a module that Python is about to drop; that is not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

AT = datetime(2026, 11, 20, 20, 56, tzinfo=UTC)
TOKEN = "tok3n-a1b2c3d4e5f6"


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/{TOKEN}"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.hold.wait(5)
        if self.server.status == 200:
            self.server.messages.append(message)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: str) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.hold.set()
        running.shutdown()
        thread.join()


PAST = asked_for("2025-03-05")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.delenv("JUTSU_ALERT_URLS", raising=False)
    monkeypatch.delenv("JUTSU_ALERT_URLS_FILE", raising=False)
    monkeypatch.setattr(delivery, "_HANGING", set())
    ledger = Ledger.open("sqlite://", account="paper", now=AT)
    yield Context(ledger, tmp_path, SimulatedClock(AT))
    ledger.close()


@pytest.fixture
def alert(context: Context, server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("JUTSU_ALERT_URLS", server.url)

    def send(
        key: str = "stop-missing",
        level: Level = "critical",
        title: str = "TQQQ has no stop",
        body: str = "place one",
        **more: Any,
    ) -> tuple[str, ...]:
        return alerts.send(context, key=key, level=level, title=title, body=body, **more)

    return send


def outcome(context: Context) -> list[tuple[str, bool, str]]:
    return [(a.key, a.sent_at is not None, a.error) for a in reversed(context.ledger.alerts.recent())]


def test_a_message_of_one_of_several_accounts_can_be_followed(
    alert: Callable[..., Any], context: Context, server: Server
) -> None:
    context.settings = Settings.model_validate({"account": "ira"})
    assert alert(body="`jutsu resolve A` when it is there") == ()
    (message,) = server.messages
    assert message["title"].endswith("[ira] TQQQ has no stop")
    assert "`jutsu resolve A --account ira` when" in message["message"]


def test_an_alert_arrives_with_its_level(alert: Callable[..., Any], server: Server, context: Context) -> None:
    assert alert() == ()
    (message,) = server.messages
    assert (message["title"], message["message"], message["type"]) == (
        "TQQQ has no stop",
        "place one",
        "failure",
    )
    assert outcome(context) == [("stop-missing", True, "")]


def test_the_same_cause_is_sent_once_a_day(
    alert: Callable[..., Any], server: Server, context: Context
) -> None:
    for _ in range(3):
        alert()
    alert(key="other", title="other")
    context.clock.set(AT + timedelta(days=1))
    alert(title="next day")
    assert server.titles == ["TQQQ has no stop", "other", "next day"]


def test_nothing_to_do_is_not_sent(alert: Callable[..., Any], server: Server, context: Context) -> None:
    alert(level="info", key="digest")
    assert server.messages == []
    assert outcome(context) == [("digest", True, "not sent: below the level warning")]


@pytest.mark.parametrize(("wanted", "expected"), [(True, 1), (False, 0)])
def test_the_execution_report_is_sent_when_wanted(
    alert: Callable[..., Any], server: Server, context: Context, wanted: bool, expected: int
) -> None:
    context.settings = Settings(alerts=AlertSettings(execution_report=wanted))
    alert(level="info", key="report", report=True)
    assert len(server.messages) == expected


def test_minimum_level(alert: Callable[..., Any], server: Server, context: Context) -> None:
    context.settings = Settings(alerts=AlertSettings(minimum_level="critical"))
    alert(level="warning", key="a", title="a")
    alert(level="critical", key="b", title="b")
    context.settings = Settings(alerts=AlertSettings(minimum_level="info"))
    alert(level="info", key="c", title="c")
    assert server.titles == ["b", "c"]


def test_replay_is_silent_and_past_sessions_are_recorded_only(
    alert: Callable[..., Any], server: Server, context: Context
) -> None:
    context.run = Replay()
    alert()
    assert outcome(context) == []
    context.run = PAST
    alert()
    assert outcome(context) == [("stop-missing", True, "not sent: the run was about a past session")]
    assert server.messages == []


def test_without_channels_alerts_are_recorded(context: Context) -> None:
    assert alerts.send(context, key="k", level="critical", title="t", body="b") == ()
    assert outcome(context) == [("k", True, "not sent: no channel is configured")]
    assert alerts.flush(context) == ()


def test_a_failing_channel_warns_now_and_at_the_next_run_which_delivers(
    alert: Callable[..., Any], server: Server, context: Context
) -> None:
    server.status = 500
    (warning,) = alert()
    assert "alert channel failed: default json://***" in warning
    assert outcome(context)[0][1] is False
    server.status = 200
    context.clock.set(AT + timedelta(days=3))
    (again,) = alerts.flush(context)
    assert "'stop-missing' of 2026-11-20 15:56 was not delivered" in again
    assert server.titles == ["TQQQ has no stop (from 2026-11-20 15:56)"]
    assert alerts.flush(context) == ()


def test_nobody_listens(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTSU_ALERT_URLS", "json://127.0.0.1:9/x")
    (warning,) = alerts.send(context, key="k", level="critical", title="t", body="b")
    assert "json://***" in warning
    assert alerts.flush(context) != ()


def test_one_channel_of_two_fails(
    alert: Callable[..., Any], server: Server, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTSU_ALERT_URLS", f"{server.url}, json://127.0.0.1:9/x")
    assert len(alert()) == 1
    assert len(server.messages) == 1
    context.clock.set(AT + timedelta(minutes=2))
    known, failed = alerts.flush(context)
    assert "'stop-missing' of 2026-11-20 15:56 was not delivered: default_2: A Connection" in known
    assert "default_2" in failed
    assert len(server.messages) == 1  # it was heard there: it is not sent there again
    monkeypatch.setenv("JUTSU_ALERT_URLS", server.url)
    context.clock.set(AT + timedelta(hours=1))
    alerts.flush(context)
    assert alerts.flush(context) == ()
    assert len(server.messages) == 1


def test_the_failed_channel_is_tried_by_itself_until_it_works(
    alert: Callable[..., Any], server: Server, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as second:
        thread = threading.Thread(target=second.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        monkeypatch.setenv("JUTSU_ALERT_PHONE", second.url)
        second.status = 500
        assert len(alert()) == 1
        second.status = 200
        context.clock.set(AT + timedelta(minutes=2))
        alerts.flush(context)
        context.clock.set(AT + timedelta(hours=2))
        alerts.flush(context)
        second.shutdown()
        thread.join()
    assert (len(server.titles), len(second.titles)) == (1, 1)
    assert outcome(context)[0][1] is True
    rows = context.ledger.alerts.deliveries(context.ledger.alerts.recent()[0].id)
    assert [(row.channel, row.attempts, bool(row.delivered_at)) for row in rows] == [
        ("default", 1, True),
        ("phone", 2, True),
    ]


def test_tries_wait_longer_and_end(alert: Callable[..., Any], server: Server, context: Context) -> None:
    server.status = 500
    alert()
    tried: list[int] = []
    for minute in range(0, 60 * 24 * 4, 5):
        context.clock.set(AT + timedelta(minutes=minute))
        alerts.flush(context)
        (row,) = context.ledger.alerts.deliveries(1)
        if len(tried) < row.attempts:
            tried.append(minute)
    assert tried[:6] == [0, 5, 10, 25, 85, 145]
    assert tried[-1] <= 48 * 60 + 60
    assert outcome(context)[0][2].startswith(addressing.GAVE_UP)


def test_the_whole_outbox_has_one_time_box(
    alert: Callable[..., Any], server: Server, context: Context
) -> None:
    with alerts.collected():
        for number in range(20):
            alert(key=f"alert-{number}")
    assert server.messages == []  # nothing leaves while orders may be under way
    server.hold.clear()
    started = time.monotonic()
    warnings = alerts.flush(context, within=0.3)
    assert time.monotonic() - started < 2
    assert len(context.ledger.alerts.unsent()) == 20
    assert warnings
    server.hold.set()


def test_critical_alerts_go_first(alert: Callable[..., Any], server: Server, context: Context) -> None:
    with alerts.collected():
        alert(key="a", level="warning", title="read today")
        alert(key="b", level="critical", title="act now")
    alerts.flush(context)
    assert server.titles == ["act now", "read today"]


def test_a_report_that_was_held_back_still_leaves(
    alert: Callable[..., Any], server: Server, context: Context
) -> None:
    with alerts.collected():
        alert(key="report", level="info", report=True)
    alerts.flush(context)
    assert len(server.messages) == 1


def test_a_past_run_does_not_swallow_what_a_killed_run_left(
    alert: Callable[..., Any], server: Server, context: Context
) -> None:
    with alerts.collected():
        alert()
    context.run = PAST
    alerts.flush(context)
    context.run = DAILY
    alerts.flush(context)
    assert len(server.messages) == 1


def test_names_of_channels(context: Context) -> None:
    named = {"JUTSU_ALERT_PHONE": "json://h/a", "JUTSU_ALERT_URLS": "json://h/b json://h/c"}
    assert channels.channels(context.settings, None, named) == {
        "default": "json://h/b",
        "default_2": "json://h/c",
        "phone": "json://h/a",
    }
    with pytest.raises(SettingsError, match="digest"):
        channels.channels(context.settings, None, {"JUTSU_ALERT_DIGEST": "json://h/a"})


def test_a_hanging_channel_holds_the_run_up_once_only(
    alert: Callable[..., Any], server: Server, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "TIMEBOX_SECONDS", 0.2)
    server.hold.clear()
    assert "no answer within 0.2 s" in alert()[0]
    started = len(threading.enumerate())
    assert "no answer within" in alert(key="second")[0]
    assert len(threading.enumerate()) <= started  # the second alert did not even try


def test_an_unusable_url_is_a_warning(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTSU_ALERT_URLS", "no-such-scheme://secretsecret")
    (warning,) = alerts.send(context, key="k", level="critical", title="t", body="b")
    assert "not a URL that apprise understands" in warning
    assert "secretsecret" not in warning


def test_a_crash_inside_the_library_is_a_warning(
    alert: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import apprise

    def broken(*_args: Apprise, **_more: Any) -> None:
        raise RuntimeError(f"could not post to /{TOKEN}")

    monkeypatch.setattr(apprise.Apprise, "notify", broken)
    (warning,) = alert()
    assert "RuntimeError: could not post to /***" in warning


def test_secrets_never_reach_the_ledger_or_the_message(
    alert: Callable[..., Any], server: Server, context: Context
) -> None:
    register_secret("account-1234567890", "***7890")
    server.status = 403
    alert(title="account-1234567890 refused", body="Bearer abcdef1234567890XYZ and account-1234567890")
    (row,) = context.ledger.alerts.recent()
    text = f"{row.title} {row.body} {row.error}"
    for secret in ("account-1234567890", "abcdef1234567890XYZ", TOKEN, "127.0.0.1"):
        assert secret not in text
    assert row.title == "***7890 refused"
    assert TOKEN not in redact(f"a log line with {server.url}")


def test_alerts_that_others_put_into_the_outbox_leave_at_the_next_flush(
    alert: Callable[..., Any], context: Context, server: Server
) -> None:
    add = context.ledger.alerts.add
    add("adopted", level="warning", title="the broker's truth was adopted", body="b", at=AT)
    add("digest", level="info", title="nothing to do", body="b", at=AT)
    assert alerts.flush(context) == ()
    assert server.titles == ["the broker's truth was adopted"]
    assert outcome(context) == [("adopted", True, ""), ("digest", True, "not sent: below the level warning")]


def test_a_past_run_leaves_failed_alerts_for_the_present(
    alert: Callable[..., Any], context: Context, server: Server
) -> None:
    server.status = 500
    alert()
    server.status, context.run = 200, PAST
    assert alerts.flush(context) == ()
    context.run = Daily()
    context.clock.set(AT + timedelta(minutes=2))
    assert len(alerts.flush(context)) == 1
    assert len(server.titles) == 1


def test_debug_logs_do_not_tell_the_url(
    alert: Callable[..., Any],
    context: Context,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("JUTSU_ALERT_URLS", f"json://127.0.0.1:{server.server_port}/pin77")
    assert alert() == ()
    server.status = 500
    alert(key="again")
    assert caplog.records
    assert "pin77" not in caplog.text


def test_channels_from_a_private_file(context: Context, tmp_path: Path, server: Server) -> None:
    path = tmp_path / "alert_urls"
    path.write_text(f"# my phone\n{server.url}\n\njson://localhost/b\n")
    path.chmod(0o600)
    assert channels.channels(context.settings, tmp_path) == {
        "default": server.url,
        "default_2": "json://localhost/b",
    }
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        channels.channels(context.settings, tmp_path)
    (warning,) = alerts.send(context, key="k", level="critical", title="t", body="b")
    assert "others can read this file" in warning
    path.chmod(0o600)
    assert "chmod 600" in alerts.flush(context)[0]
    assert server.titles == ["t (from 2026-11-20 15:56)"]


def test_a_named_file_must_exist(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTSU_ALERT_URLS_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="no such file"):
        channels.channels(context.settings, tmp_path)


def test_ordinary_words_of_a_url_are_not_masked_elsewhere(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTSU_ALERT_URLS", "ntfy://ntfy.sh/orders")
    channels.channels(context.settings)
    assert redact("3 orders sent") == "3 orders sent"


def test_html_and_channels_of_one_message(
    context: Context, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    register_secret("t0ps3cret-token")
    with mail_server() as box:
        monkeypatch.setenv("JUTSU_ALERT_MAIL", box.url)
        monkeypatch.setenv("JUTSU_ALERT_CHAT", server.url)
        page = "<!doctype html><p>the report, t0ps3cret-token</p>"
        sent = alerts.send(
            context, key="r", level="info", title="report", body="text", html=page, to=("mail", "chat")
        )
        assert sent == ()
        (mail,) = box.mails
    parts = {part.get_content_type(): part.get_content().strip() for part in mail.iter_parts()}
    assert parts == {"text/plain": "text", "text/html": page.replace("t0ps3cret-token", "***")}
    assert [message["message"] for message in server.messages] == ["text"]
    assert "t0ps3cret" not in str(context.ledger.alerts.recent()[0])


def test_a_channel_that_is_gone_hands_its_only_message_to_the_others(
    alert: Callable[..., Any], server: Server, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status = 500
    assert len(alert()) == 1
    server.status = 200
    monkeypatch.delenv("JUTSU_ALERT_URLS")
    monkeypatch.setenv("JUTSU_ALERT_CHAT", server.url)
    context.clock.set(AT + timedelta(minutes=2))
    alerts.flush(context)
    assert len(server.messages) == 1
    assert [row.channel for row in context.ledger.alerts.deliveries(1)] == ["chat"]
    assert context.ledger.alerts.unsent() == ()


def test_a_message_names_its_run(alert: Callable[..., Any], server: Server, context: Context) -> None:
    named = run_facts.begin("executor", AT).run
    assert alert() == ()
    assert server.messages[0]["message"] == f"place one\n\nrun {named}"
    (row,) = context.ledger.alerts.recent()
    assert (row.run, row.body) == (named, "place one")
