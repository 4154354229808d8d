"""Replacing a signal file: in one step, and only what the person started from."""

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import SignalFileError, UsageError
from live.actions import edit
from live.actions.errors import FileChangedError
from live.handoff.canonical import bytes_sha256


@given(start=st.binary(), new=st.binary(), shown=st.binary())
def test_the_new_bytes_are_there_exactly_when_the_old_ones_were_shown(
    tmp_path_factory: pytest.TempPathFactory, start: Any, new: Any, shown: Any
) -> None:
    path = tmp_path_factory.mktemp("edit") / "file.json"
    path.write_bytes(start)
    if shown == start:
        done = edit.replace(path, new, sha256=bytes_sha256(shown))
        assert (done.sha256, done.changed) == (bytes_sha256(new), new != start)
        assert path.read_bytes() == new
    else:
        with pytest.raises(FileChangedError):
            edit.replace(path, new, sha256=bytes_sha256(shown))
        assert path.read_bytes() == start
    assert {item.name for item in path.parent.iterdir()} <= {"file.json", edit.LOCK}


def test_a_missing_file_and_a_wrong_digest(tmp_path: Path) -> None:
    with pytest.raises(SignalFileError):
        edit.replace(tmp_path / "none.json", b"", sha256="0" * 64)
    with pytest.raises(UsageError, match="no SHA-256"):
        edit.replace(tmp_path / "none.json", b"", sha256="0")


def test_two_replacements_never_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(edit, "LOCK_SECONDS", 0.05)
    with FileLock(tmp_path / edit.LOCK), pytest.raises(SignalFileError, match="another program"):
        edit.replace(path, b"new", sha256=bytes_sha256(b"old"))
    assert path.read_bytes() == b"old"
