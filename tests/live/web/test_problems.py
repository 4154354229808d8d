"""Exit codes as HTTP statuses; nothing secret in a detail."""

import json
from datetime import UTC, datetime

import pytest
from starlette.requests import Request

from backtest.core.errors import (
    BrokerError,
    DataError,
    DisagreementError,
    Finding,
    JutsuError,
    KillSwitchOn,
    LimitError,
    SettingsError,
    UnresolvedError,
)
from live.actions.errors import FileChangedError, SettingChangedError
from live.ledger.errors import LedgerMissing, LedgerTooNew, LedgerUnavailable
from live.system import run_facts
from live.web import problems

REQUEST = Request(
    {"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b"", "server": ("h", 1)}
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SettingsError("p"), 422),
        (KillSwitchOn("p"), 409),
        (DisagreementError("p"), 409),
        (DataError("p"), 503),
        (BrokerError("p"), 503),
        (LimitError("p"), 409),
        (UnresolvedError("p"), 409),
        (JutsuError("p"), 500),
        (FileChangedError("p"), 412),
        (SettingChangedError("p"), 412),
        (LedgerUnavailable("p"), 503),
        (LedgerTooNew("p"), 503),
        (LedgerMissing("p"), 409),
    ],
)
def test_each_error_has_its_status(error: JutsuError, status: int) -> None:
    found = problems.of_error(REQUEST, error)
    body = json.loads(bytes(found.body))
    assert (found.status_code, body["status"], body["exit_code"]) == (status, status, error.exit_code)
    assert found.headers["content-type"] == problems.MEDIA_TYPE


def test_findings_and_remedy_are_told() -> None:
    error = SettingsError("wrong", where="f.yaml", remedy="mend it", findings=[Finding("a.b", "bad", "good")])
    body = json.loads(bytes(problems.of_error(REQUEST, error).body))
    assert (body["detail"], body["remedy"], body["instance"]) == ("f.yaml: wrong", "mend it", "/x")
    assert body["findings"] == [{"path": "a.b", "problem": "bad", "remedy": "good"}]


def test_a_secret_in_an_error_is_masked() -> None:
    error = SettingsError("cannot reach https://user:hunter2hunter2@example.org/x", where="url")
    assert "hunter2" not in bytes(problems.of_error(REQUEST, error).body).decode()


def test_a_busy_ledger_says_when_to_ask_again() -> None:
    assert problems.of_error(REQUEST, LedgerUnavailable("p")).headers["retry-after"] == "1"


def test_the_run_is_named_while_one_is_known() -> None:
    run_facts.end()  # a stage that another test ran in this process left its own
    assert "run" not in json.loads(bytes(problems.of_error(REQUEST, SettingsError("p")).body))
    run_facts.begin("dashboard", datetime(2026, 11, 27, 15, 30, tzinfo=UTC))
    try:
        body = json.loads(bytes(problems.of_error(REQUEST, SettingsError("p")).body))
    finally:
        run_facts.end()
    assert body["run"] == "20261127T153000-dashboard"
