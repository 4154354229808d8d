"""The log files read back: order, filters, tracebacks, both formats, what is appended."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.system.log_lines import LogEntry, Tail, Wanted, entries, read_entries, words

BERLIN = ZoneInfo("Europe/Berlin")
ORDER = "20261127_QQQ_exit_golden_0123abcd"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "executor_2026-11-27.log").write_text(
        "a line of a file that was cut\n"
        f"2026-11-27 18:55:01,500 INFO jutsu.orders {ORDER} is sent\n"
        "2026-11-27 18:55:03,000 ERROR jutsu stopped: no reply\n"
        "Traceback (most recent call last):\n  BrokerUnknown\n"
    )
    (tmp_path / "signal_generator_2026-11-27.log").write_text(
        "2026-11-27 18:35:00,000 DEBUG jutsu begins\n2026-11-27 18:55:02,000 WARNING jutsu late\n"
    )
    later = {"at": "2026-11-28T09:00:00+00:00", "level": "INFO", "stage": "jutsu", "event": "as JSON"}
    (tmp_path / "jutsu_2026-11-28.log").write_text(json.dumps(later) + "\n")
    (tmp_path / "cron.log").write_text("2026-11-27 18:55:02,000 ERROR x not a log of ours\n")
    return tmp_path


def found(folder: Path, **asked: object) -> list[tuple[str, str]]:
    wanted = Wanted(**asked)  # type: ignore[arg-type] # each test names real fields
    return [(e.stage, e.level) for e in read_entries(folder, wanted, BERLIN)]


def test_every_stage_in_the_order_of_time(folder: Path) -> None:
    assert found(folder) == [
        ("signal_generator", "DEBUG"),
        ("executor", "INFO"),
        ("signal_generator", "WARNING"),
        ("executor", "ERROR"),
        ("jutsu", "INFO"),
    ]


def test_each_account_has_its_own_files(folder: Path) -> None:
    (folder / "executor_2026-11-27_ira.log").write_text("2026-11-27 18:55:01,500 INFO jutsu begins\n")
    assert found(folder, account="ira") == [("executor", "INFO")]
    assert found(folder, account="taxable") == []
    assert ("executor", "INFO") in found(folder)
    assert len(found(folder)) == 5
    (folder / "dashboard_2026-11-27.log").write_text("2026-11-27 18:55:02,500 ERROR jutsu.web of all\n")
    assert found(folder, account="ira") == [("executor", "INFO"), ("dashboard", "ERROR")]


def test_each_filter_narrows(folder: Path) -> None:
    assert found(folder, stage="executor") == [("executor", "INFO"), ("executor", "ERROR")]
    assert found(folder, level="WARNING") == [("signal_generator", "WARNING"), ("executor", "ERROR")]
    assert found(folder, order=ORDER) == [("executor", "INFO")]
    assert found(folder, grep="brokerunknown") == [("executor", "ERROR")], "a traceback belongs to its entry"
    assert found(folder, since=datetime(2026, 11, 28, tzinfo=UTC)) == [("jutsu", "INFO")]
    assert found(folder, since=datetime(2026, 11, 27, 17, 55, 2, tzinfo=UTC))[0] == (
        "signal_generator",
        "WARNING",
    )
    assert found(folder, grep="nowhere") == []


LINES = st.lists(st.sampled_from(["2026-11-27 18:55:01,500 INFO a b", "  more", "", "{", '{"at": 1}']))


@given(LINES)
def test_no_line_after_the_first_entry_is_lost(lines: list[str]) -> None:
    made = list(entries((f"{line}\n" for line in lines), "executor", BERLIN))
    first = next((n for n, line in enumerate(lines) if line.startswith("2026")), len(lines))
    assert "\n".join(entry.text for entry in made) == "\n".join(lines[first:])


def test_what_is_appended_comes_whole(folder: Path) -> None:
    tail = Tail(folder, Wanted(level="INFO"), BERLIN)
    assert list(tail.look()) == []
    path = folder / "executor_2026-11-27.log"
    with path.open("a") as file:
        file.write("2026-11-27 19:00:00,000 INFO jutsu who")
        file.flush()
        assert list(tail.look()) == [], "half a line waits"
        file.write("le\n2026-11-27 19:00:00,000 DEBUG jutsu small\n")
    (folder / "executor_2026-11-28.log").write_text("2026-11-28 09:00:00,000 INFO jutsu a new day\n")
    new = list(tail.look())
    assert [entry.text.split(" ", 4)[4] for entry in new] == ["whole", "a new day"]
    assert list(tail.look()) == []


def test_times_of_text_files_are_those_of_the_machine(folder: Path) -> None:
    first = next(read_entries(folder, Wanted(), BERLIN))
    assert first == LogEntry(
        datetime(2026, 11, 27, 17, 35, tzinfo=UTC), "DEBUG", "signal_generator", first.text
    )
    assert first.at.utcoffset() == timedelta(hours=1)


def test_both_formats_read_alike(folder: Path) -> None:
    shown = [words(entry, BERLIN) for entry in read_entries(folder, Wanted(level="INFO"), BERLIN)]
    assert shown[0] == f"2026-11-27 18:55:01,500 INFO jutsu.orders {ORDER} is sent"
    assert shown[-1] == "2026-11-28 10:00:00,000 INFO - as JSON"


def test_a_traceback_of_json_is_shown_below_its_line() -> None:
    known = {
        "at": "2026-11-28T09:00:00+00:00",
        "level": "ERROR",
        "event": "stopped",
        "traceback": "Traceback",
    }
    (entry,) = entries([json.dumps(known)], "executor", BERLIN)
    assert words(entry, BERLIN).endswith("ERROR - stopped\nTraceback")
