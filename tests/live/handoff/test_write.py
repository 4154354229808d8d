"""Writing a signal file: name, bytes, schema beside it, and an older file that survives a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtest.core.errors import SignalFileError
from live.handoff.canonical import render
from live.handoff.schema import schema_bytes
from live.handoff.write import file_name, signal_path, write_schema, write_signal
from tests.support.handoff_samples import sample

NAME = "trade_signals_2024-03-15_golden.json"


def test_a_file_is_named_by_its_session_and_variant() -> None:
    assert file_name("2024-03-15", "golden") == NAME
    assert signal_path(Path("out"), sample()) == Path("out") / NAME


def test_a_file_lies_beside_the_schema_it_points_to(tmp_path: Path) -> None:
    signal = sample()
    path = write_signal(tmp_path / "new", signal)
    assert path == tmp_path / "new" / NAME
    assert path.read_bytes() == render(signal)
    assert (path.parent / str(signal.schema_)).read_bytes() == schema_bytes()


def test_bytes_that_the_caller_has_are_written_as_they_are(tmp_path: Path) -> None:
    assert write_signal(tmp_path, sample(), b"these").read_bytes() == b"these"


def test_an_outdated_schema_is_replaced_and_a_current_one_left_alone(tmp_path: Path) -> None:
    path = write_schema(tmp_path)
    before = path.stat().st_mtime_ns
    assert write_schema(tmp_path).stat().st_mtime_ns == before
    path.write_text("{}")
    write_schema(tmp_path)
    assert path.read_bytes() == schema_bytes()


def test_a_write_that_fails_leaves_the_older_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_signal(tmp_path, sample())
    older = path.read_bytes()
    listed = sorted(tmp_path.rglob("*"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SignalFileError, match=r"cannot be written: No space left.*make room"):
        write_signal(tmp_path, sample(warnings=("another",)))
    assert path.read_bytes() == older
    assert sorted(tmp_path.rglob("*")) == listed
