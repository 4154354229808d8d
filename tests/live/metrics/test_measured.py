"""The run of a program as the metrics keep it; a disk that is full changes no exit code."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from live.metrics.measured import measured
from live.metrics.program_runs import recall
from live.model.run import DAILY, asked_for
from live.runtime.options import Options
from live.system.lock import AnotherRunError
from tests.support.user_world import User


def run(user: User, error: BaseException | None = None, code: int = 0, as_of: str | None = None) -> None:
    kind = DAILY if as_of is None else asked_for(as_of)
    with measured("executor", Options(config=user.config), kind) as ending:
        ending.code = code
        if error is not None:
            raise error


def prom(user: User) -> Path:
    return user.root / "prom" / "jutsu.prom"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("no bars", where="here", remedy="look"), 5),
        (ValueError("a mistake"), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=["data", "unexpected", "Ctrl-C"],
)
def test_an_error_is_kept_with_its_exit_code(user: User, error: BaseException, code: int) -> None:
    with pytest.raises(type(error)):
        run(user, error)
    assert recall(user.db.parent)["executor"].code == code
    assert f'jutsu_last_exit_code{{account="paper",stage="executor"}} {float(code)}' in prom(user).read_text()


def test_an_exit_code_that_was_returned_is_kept(user: User) -> None:
    run(user, code=7)
    assert recall(user.db.parent)["executor"].code == 7


def test_a_run_that_stands_aside_and_one_about_the_past_are_not_counted(user: User) -> None:
    with pytest.raises(AnotherRunError):
        run(user, AnotherRunError("busy", where="here", remedy="look"))
    run(user, as_of="2024-01-02")
    assert recall(user.db.parent) == {}
    assert not prom(user).exists()


def test_nothing_is_written_where_no_folder_is_named(user: User) -> None:
    user.set(metrics={"textfile": None})
    run(user)
    assert not user.db.parent.exists()


def test_a_file_that_cannot_be_written_is_one_log_line(user: User, caplog: pytest.LogCaptureFixture) -> None:
    (user.root / "prom").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING, "jutsu.metrics"):
        run(user)
    (line,) = caplog.records
    assert "metrics could not be written" in line.message


def test_a_full_disk_does_not_fail_a_stage(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from live.metrics import textfile

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(textfile, "write_atomic", full)
    before = user.jutsu("doctor", "--alert")
    monkeypatch.undo()
    assert user.jutsu("doctor", "--alert").code == before.code == 0, before.text


def test_settings_that_cannot_be_read_do_not_hide_the_error(user: User) -> None:
    user.config.write_text("mode: nonsense\n")
    with pytest.raises(DataError):
        run(user, DataError("no bars", where="here", remedy="look"))
