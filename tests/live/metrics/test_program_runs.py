"""The newest run of each program, beside the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.metrics.program_runs import FOLDER, ProgramRun, looked_at, recall, remember

DAY = "2026-11-27T21:00:00+00:00"


def test_when_a_program_last_ended(tmp_path: Path) -> None:
    assert looked_at(tmp_path, "doctor") is None
    remember(tmp_path, "doctor", ProgramRun(DAY, 1, 2.5))
    assert looked_at(tmp_path, "doctor") == datetime(2026, 11, 27, 21, tzinfo=UTC)


def test_nothing_is_known_before_the_first_run(tmp_path: Path) -> None:
    assert recall(tmp_path) == {}


def test_a_failed_run_keeps_when_one_last_succeeded(tmp_path: Path) -> None:
    remember(tmp_path, "executor", ProgramRun(DAY, 0, 2.5))
    remember(tmp_path, "executor", ProgramRun("2026-11-30T21:00:00+00:00", 6, 1.0))
    remember(tmp_path, "doctor", ProgramRun(DAY, 1, 1.0))
    assert recall(tmp_path) == {
        "executor": ProgramRun("2026-11-30T21:00:00+00:00", 6, 1.0, DAY),
        "doctor": ProgramRun(DAY, 1, 1.0, None),
    }


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"at": "noon", "code": 0, "seconds": 1}', "\x00"])
def test_a_file_that_says_nothing_counts_as_none(tmp_path: Path, content: str) -> None:
    remember(tmp_path, "doctor", ProgramRun(DAY, 0, 1.0))
    (tmp_path / FOLDER / "executor.json").write_text(content)
    assert list(recall(tmp_path)) == ["doctor"]
