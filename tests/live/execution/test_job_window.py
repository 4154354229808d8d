"""The window a file names is read before anything is judged, and reading it judges nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from backtest.calendar import sessions as calendar
from live.execution.job import window_of
from live.handoff.canonical import render
from tests.support.calendar_days import session_on
from tests.support.handoff_samples import sample

SESSION = session_on(date(2024, 3, 15))


def test_it_is_the_window_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(render(sample()))
    assert window_of(path, SESSION) == calendar.window(SESSION, sample().execution_window.name)


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{}", '{"execution_window": 5}', '{"execution_window": {"name": "midnight"}}', "{broken"],
)
def test_a_file_without_one_is_left_to_its_judge(tmp_path: Path, document: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(document)
    assert window_of(path, SESSION) is None


def test_a_name_that_is_no_text_is_no_window(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"execution_window": {"name": ["close"]}}))
    assert window_of(path, SESSION) is None
