"""A run that ends badly is alerted, also when it ends in an unforeseen way or before it has begun."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import DataError, SettingsError, UsageError
from live.alerts import delivery, outbox
from live.alerts.delivery import Outcome
from live.model.run import Daily, DryRun, asked_for
from live.runtime.lifecycle import alerting, attempted, guarded, opening
from live.runtime.options import Options
from live.system.redaction import register_secret
from tests.support.exec_world import world


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls = []

    def deliver_all(urls: Any, queues: Any, *, within: float = 15) -> Iterator[Outcome]:
        del urls, within
        for channel, messages in queues.items():
            for number, message in enumerate(messages):
                calls.append((message.level, message.title, message.body))
                yield Outcome(channel, number, "", 0.0)

    monkeypatch.setenv("JUTSU_ALERT_URLS", "json://127.0.0.1:9/x")
    monkeypatch.setattr(delivery, "deliver_all", deliver_all)
    monkeypatch.setattr(outbox, "deliver_all", deliver_all)
    return calls


def test_an_unexpected_error_is_alerted(tmp_path: Path, sent: list[Any]) -> None:
    runtime = world(tmp_path).open()
    with pytest.raises(ZeroDivisionError), alerting(runtime, "executor"):
        raise ZeroDivisionError("a bug")
    ((level, title, body),) = sent
    assert (level, "unexpected" in title, "ZeroDivisionError" in body) == ("critical", True, True)


def test_a_run_that_cannot_be_opened_is_alerted(
    tmp_path: Path, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError), opening("executor", Options(), Daily()):
        raise SettingsError("broken", where="config/live.yaml")
    ((level, title, body),) = sent
    assert (level, "could not start" in title, "broken" in body) == ("critical", True, True)


def test_one_failure_is_one_alert(tmp_path: Path, sent: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runtime = world(tmp_path).open()
    with pytest.raises(SettingsError), opening("executor", Options(), Daily()), alerting(runtime, "executor"):
        raise SettingsError("broken", where="config/live.yaml")
    assert len(sent) == 1


@pytest.mark.parametrize("run", [DryRun(), asked_for("2025-03-05")])
def test_a_rehearsal_that_cannot_be_opened_is_silent(
    tmp_path: Path, sent: list[Any], monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError), opening("executor", Options(), run):
        raise SettingsError("broken", where="config/live.yaml")
    assert sent == []


def test_a_wrong_flag_is_silent(sent: list[Any]) -> None:
    with pytest.raises(UsageError), opening("executor", Options(), Daily()):
        raise UsageError("not a date", where="--as-of")
    assert sent == []


def test_what_is_printed_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    register_secret("s3cret-token-value")

    def body() -> int:
        raise ValueError("the library said s3cret-token-value")

    assert guarded(body, lambda: None) == 1
    assert "s3cret" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, 2), (errno.EROFS, 2), (errno.EACCES, 2), (errno.EDQUOT, 2), (errno.EIO, 1), (None, 1)],
)
def test_a_disk_that_cannot_be_written_is_no_surprise(
    number: int | None, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def body() -> int:
        raise OSError() if number is None else OSError(number, os.strerror(number), "/full/here")

    assert guarded(body, lambda: None) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error {code}: ")
    assert ("/full/here: cannot be read or written: " in line) == (code == 2)


@pytest.mark.parametrize("error", [KeyError("x"), OSError(28, "disk full"), DataError("no bar")])
def test_what_is_attempted_never_ends_a_run(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> int:
        raise error

    assert attempted("the report", broken) is None
    assert "warning: the report could not be made" in capsys.readouterr().err
    assert attempted("the report", lambda: 7) == 7
