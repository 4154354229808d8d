from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from backtest.simulator.intraday.engine import MinuteBar
from live.session.events import ActedBar, LineFile, SessionFiles, event_line, newest_acted, read_events
from tests.support.orb_sessions import plan, session

BAR = MinuteBar(datetime(2024, 1, 5, tzinfo=UTC), 1.5, 2.25, 1.0, 2.0, 7.0)


def test_bars_come_back_as_they_were_with_what_kept_entries_out(tmp_path: Path) -> None:
    acted = [
        ActedBar(BAR),
        ActedBar(MinuteBar(datetime(2024, 1, 5, 0, 1, tzinfo=UTC), 1, 1, 1, 1), "late_bar"),
    ]
    files = SessionFiles(tmp_path / "orb" / "day")
    assert files.acted() == []
    files.act_on(acted[:1])
    files.act_on(acted[1:])
    assert SessionFiles(tmp_path / "orb" / "day").acted() == acted


def test_events_come_back_as_lines(tmp_path: Path) -> None:
    events = session(plan()).events
    files = SessionFiles(tmp_path)
    files.append(events[:1])
    files.append(events[1:])
    assert files.events() == [event_line(event) for event in events]
    assert [one["event_id"] for one in read_events(tmp_path)] == [event.event_id for event in events]


def test_what_a_kill_left_of_a_line_is_not_read_and_goes_with_the_next(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "lines")
    file.append(["one", "two"])
    with file.path.open("ab") as stream:
        stream.write(b"thr")
    assert file.lines() == ["one", "two"]
    file.append(["three"])
    assert file.lines() == ["one", "two", "three"]
    assert file.path.read_text() == "one\ntwo\nthree\n"


def test_nothing_to_say_makes_no_file(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "lines")
    file.append([])
    assert not file.path.exists()


def test_an_append_is_on_the_disk_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    LineFile(tmp_path / "lines").append(["one"])
    assert len(synced) == 2  # the file, and the folder that names it
    LineFile(tmp_path / "lines").append(["two"])
    assert len(synced) == 3
    LineFile(tmp_path / "other", durable=False).append(["one"])
    assert len(synced) == 3


def test_a_bar_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "bars.jsonl").write_text('{"minute":"2024-01-05T00:00:00Z"}\n')
    with pytest.raises(DataError, match="no bar of a session") as caught:
        SessionFiles(tmp_path).acted()
    assert caught.value.where.endswith("bars.jsonl:1")


@pytest.mark.parametrize("damage", [b"\xff\xfe\n", b"{\n", b"\x00\x00\n"])
def test_a_damaged_file_is_named_wherever_it_is_read(tmp_path: Path, damage: bytes) -> None:
    for name in ("bars.jsonl", "events.jsonl"):
        (tmp_path / name).write_bytes(damage)
    for read in (SessionFiles(tmp_path).acted, lambda: read_events(tmp_path), lambda: newest_acted(tmp_path)):
        with pytest.raises(DataError) as caught:
            read()
        assert str(tmp_path) in caught.value.where
