"""One executor per account: the lock holds between processes and ends with its holder."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from backtest.core.errors import LimitError
from live.system.lock import (
    AnotherRunError,
    holder_of_any,
    is_held,
    nobody_at_work,
    one_panic,
    single_instance,
)
from tests.support.paths import PROJECT

HOLDER = """
import sys, time
from pathlib import Path
from live.system.lock import single_instance
with single_instance(Path(sys.argv[1]), "paper", run_id="the other run"):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock; returns when it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_run_of_an_account_is_exit_7_and_names_the_first(tmp_path: Path) -> None:
    with hold(tmp_path) as first:
        with (
            pytest.raises(LimitError, match="the other run") as refused,
            single_instance(tmp_path, "paper", run_id="mine"),
        ):
            pass
        assert refused.value.exit_code == 7
        with single_instance(tmp_path, "schwab-1234", run_id="another account"):
            pass
        first.kill()
    with single_instance(tmp_path, "paper", run_id="mine"):  # killed, not released
        assert "mine" in (tmp_path / "executor-paper.owner.json").read_text()


def test_the_lock_is_given_back_when_a_run_fails(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="inside"),
        single_instance(tmp_path / "new", "paper", run_id="one"),
    ):
        raise RuntimeError("inside")
    with single_instance(tmp_path / "new", "paper", run_id="two"):
        pass


def test_a_state_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(LimitError, match="cannot be taken"),
        single_instance(tmp_path / "file" / "state", "paper", run_id="one"),
    ):
        pass


def test_a_full_disk_keeps_nobody_from_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with single_instance(tmp_path, "paper", run_id="one"):
        assert (tmp_path / "executor-paper.lock").exists()


def test_one_panic_at_a_time_and_a_folder_without_locks_keeps_none_back(tmp_path: Path) -> None:
    with (
        one_panic(tmp_path, "paper"),
        one_panic(tmp_path, "other"),
        pytest.raises(AnotherRunError),
        one_panic(tmp_path, "paper"),
    ):
        pytest.fail("two panics at once")
    (tmp_path / "file").write_text("")
    with one_panic(tmp_path / "file", "paper"), one_panic(tmp_path, "paper"):
        pass


def test_who_asks_whether_it_is_held_keeps_nobody_out(tmp_path: Path) -> None:
    assert not is_held(tmp_path, "paper")
    with single_instance(tmp_path, "paper", run_id="mine"):
        assert is_held(tmp_path, "paper")
        assert not is_held(tmp_path, "another")
    assert not is_held(tmp_path, "paper")
    with hold(tmp_path) as other:
        assert is_held(tmp_path, "paper")
        other.kill()
    assert not is_held(tmp_path, "paper")


def test_a_run_waits_a_moment_for_who_only_asks(tmp_path: Path) -> None:
    path = tmp_path / "executor-paper.lock"
    asking = FileLock(path, thread_local=False)
    asking.acquire()
    release = threading.Timer(0.1, asking.release)
    release.start()
    with single_instance(tmp_path, "paper", run_id="mine"):
        assert is_held(tmp_path, "paper")
    release.join()


def test_nobody_begins_while_all_locks_of_a_folder_are_held(tmp_path: Path) -> None:
    with single_instance(tmp_path, "paper", run_id="a"), single_instance(tmp_path, "other", run_id="b"):
        assert holder_of_any(tmp_path) != ""
        with pytest.raises(AnotherRunError), nobody_at_work(tmp_path):
            pass
    assert holder_of_any(tmp_path) == ""
    with (
        nobody_at_work(tmp_path),
        pytest.raises(AnotherRunError),
        single_instance(tmp_path, "paper", run_id="c"),
    ):
        pass
    assert holder_of_any(tmp_path / "none") == ""
