"""`jutsu alerts` as a person uses it, with a real channel on the loopback interface."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import SettingsError, UsageError
from live.cli import alerts
from live.ledger.ledger import Ledger

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
AT = datetime(2026, 11, 20, 21, tzinfo=UTC)


class Server(HTTPServer):
    """Keeps the titles of the messages it got."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.titles.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["title"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: str) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def jutsu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    (tmp_path / "config" / "strategies").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUTSU_ALERT_URLS", raising=False)
    app = typer.Typer()
    alerts.register(app)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["alerts", *words, "--state-db", str(tmp_path / "ledger.db")])

    return run


def test_test_rings_every_channel(
    jutsu: Callable[..., Result], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTSU_ALERT_URLS", f"json://127.0.0.1:{server.server_port}/secret-path-1234567")
    done = jutsu("test")
    assert done.exit_code == 0, done.output
    assert server.titles == ["jutsu: test message"]
    assert "delivered" in done.stdout
    assert "secret-path-1234567" not in done.output


def test_test_tells_which_channel_fails(
    jutsu: Callable[..., Result], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTSU_ALERT_URLS", f"json://127.0.0.1:{server.server_port}/a json://127.0.0.1:9/b")
    done = jutsu("test", "--json")
    assert done.exit_code == 1
    assert [row["delivered"] for row in json.loads(done.stdout)] == [True, False]


def test_test_without_channels_says_where_to_put_them(jutsu: Callable[..., Result]) -> None:
    done = jutsu("test")
    assert isinstance(done.exception, SettingsError)
    assert "JUTSU_ALERT_URLS" in done.exception.line()


def test_list(jutsu: Callable[..., Result], tmp_path: Path) -> None:
    assert isinstance(jutsu("list").exception, UsageError)  # looking creates no ledger
    assert "nothing waits" in jutsu("flush").stdout
    assert "no alerts yet" in jutsu("list").stdout
    ledger = Ledger.open(tmp_path / "ledger.db", account="paper", now=AT)
    row = ledger.alerts.add("a", level="critical", title="TQQQ has no stop", body="b", at=AT)
    ledger.alerts.mark_failed(row.id, "failed: json://*** was refused")
    row = ledger.alerts.add("b", level="info", title="done", body="b", at=AT)
    ledger.alerts.mark_sent(row.id, at=AT)
    ledger.close()
    shown = jutsu("list").stdout
    assert "failed: json://*** was refused" in shown
    assert "TQQQ has no stop" in shown
    assert "2026-11-20 21:00" in shown
    rows = json.loads(jutsu("list", "--json", "--limit", "1").stdout)
    assert [(r["key"], r["level"], r["sent_at"]) for r in rows] == [
        ("b", "info", "2026-11-20T21:00:00+00:00")
    ]


def test_a_critical_is_acknowledged_once_and_the_audit_log_says_by_whom(
    jutsu: Callable[..., Result], tmp_path: Path
) -> None:
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=AT) as ledger:
        ledger.alerts.add("a", level="critical", title="TQQQ has no stop", body="b", at=AT)
    assert "1 acknowledged: TQQQ has no stop" in jutsu("ack", "1").stdout
    assert "1 was acknowledged by" in jutsu("ack", "1").stdout
    missing = jutsu("ack", "7")
    assert isinstance(missing.exception, UsageError)
    assert "jutsu alerts list" in missing.exception.line()
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=AT) as ledger:
        rows = [(row.action, row.subject, row.outcome) for row in ledger.audit.all()]
    assert rows == [("alerts ack", "1 a", "done")]
    assert "critical (acknowledged)" in jutsu("list").stdout


def test_test_of_a_level_asks_its_channels_and_names_those_without_an_address(
    jutsu: Callable[..., Result], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config" / "live.yaml").write_text(
        "alerts:\n  channels:\n    critical: [sms, mail]\n    warning: [mail]\n    info: [digest]\n"
    )
    monkeypatch.setenv("JUTSU_ALERT_MAIL", f"json://127.0.0.1:{server.server_port}/a")
    done = jutsu("test", "--level", "warning", "--json")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert row["channel"].startswith("mail json://")
    assert 0 <= row["seconds"] < 10
    assert [row["channel"][:4] for row in json.loads(jutsu("test", "--level", "info", "--json").stdout)] == [
        "mail"
    ]
    critical = jutsu("test", "--level", "critical")
    assert critical.exit_code == 1
    assert "no address: JUTSU_ALERT_SMS=URL" in critical.stdout
    assert isinstance(jutsu("test", "--level", "loud").exception, UsageError)


def test_flush_tells_what_waits_and_ends_with_1_while_a_channel_fails(
    jutsu: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jutsu("flush").stdout == "nothing waits\n"
    monkeypatch.setenv("JUTSU_ALERT_MAIL", "json://127.0.0.1:9/a")
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=AT) as ledger:
        ledger.alerts.add("a", level="warning", title="read today", body="b", at=AT)
    failing = jutsu("flush")
    assert failing.exit_code == 1
    assert "1 alert(s) still wait" in failing.stdout
