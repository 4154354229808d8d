"""Line n of the log is batch n, whatever happened in between."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from backtest.data.import_log import ImportLog

AT = datetime(2026, 10, 31, 12, tzinfo=UTC)


def test_lines_are_numbered(tmp_path: Path) -> None:
    log = ImportLog(tmp_path)
    assert list(log.entries()) == []
    assert [log.add({"symbol": name}, AT) for name in ("QQQ", "TLT")] == [1, 2]
    assert [(e["batch"], e["symbol"], e["imported_at"]) for e in ImportLog(tmp_path).entries()] == [
        (1, "QQQ", "2026-10-31T12:00:00+00:00"),
        (2, "TLT", "2026-10-31T12:00:00+00:00"),
    ]


def test_a_torn_line_uses_its_number_up(tmp_path: Path) -> None:
    log = ImportLog(tmp_path)
    log.add({"symbol": "QQQ"}, AT)
    log.path.write_bytes(log.path.read_bytes() + b'{"batch": 2, "imp')
    assert log.add({"symbol": "TLT"}, AT) == 3
    assert [entry["batch"] for entry in log.entries()] == [1, 3]
    assert json.loads(log.path.read_bytes().splitlines()[2])["batch"] == 3


def test_the_newest_batch_of_an_instant(tmp_path: Path) -> None:
    log = ImportLog(tmp_path)
    for day in range(3):
        log.add({}, AT + timedelta(days=day))
    instants = [AT - timedelta(seconds=1), AT, AT + timedelta(hours=30), AT + timedelta(days=9)]
    assert [log.last_batch(at) for at in instants] == [0, 1, 2, 3]


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "imports.jsonl").mkdir()
    with pytest.raises(DataError, match=r"imports\.jsonl"):
        ImportLog(tmp_path).last_batch(AT)
