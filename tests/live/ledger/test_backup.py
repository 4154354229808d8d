"""Copies of an open ledger: whole, checked, private, pruned but for the newest; and the state file."""

import json
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.ledger.backup import backups, copy_to, prune, write_state_json
from live.ledger.errors import LedgerDamaged, LedgerUnavailable
from live.ledger.ledger import Ledger

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def open_(path: Path) -> Ledger:
    return Ledger.open(path, account="paper", now=NOW)


def folder(path: Path) -> Path:
    return path.parent / "backups"


def test_a_backup_of_an_open_ledger_holds_what_was_committed(path: Path) -> None:
    with open_(path) as ledger:
        ledger.state.set("fact", "1", at=NOW)
        copy = ledger.backup(folder(path), keep_days=30, now=NOW)
        ledger.state.set("fact", "2", at=NOW)

    assert copy is not None
    assert copy.name == "ledger-2026-11-20.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in folder(path).iterdir()] == [copy.name]
    with open_(copy) as old:
        assert old.state.get("fact") == "1"


def test_backups_are_named_by_the_new_york_day_and_pruned_but_for_the_newest(path: Path) -> None:
    with open_(path) as ledger:
        for days in (40, 31, 30, 1):
            ledger.backup(folder(path), keep_days=365, now=NOW - timedelta(days=days))
        # 03:00 UTC is still the evening before in New York
        ledger.backup(folder(path), keep_days=30, now=datetime(2026, 11, 21, 3, tzinfo=UTC))

        assert [day for day, _ in backups(folder(path))] == [
            date(2026, 11, 20), date(2026, 11, 19), date(2026, 10, 21),
        ]  # fmt: skip
        ledger.backup(folder(path), keep_days=1, now=NOW + timedelta(days=400))
    assert len(backups(folder(path))) == 1


def test_a_backup_that_cannot_be_written_says_so(path: Path) -> None:
    folder(path).write_text("in the way")
    with open_(path) as ledger, pytest.raises(LedgerUnavailable, match="backup failed"):
        ledger.backup(folder(path), keep_days=30, now=NOW)


def test_memory_has_no_backup(tmp_path: Path) -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        assert ledger.backup(tmp_path / "b", keep_days=1, now=NOW) is None


def test_state_json_has_the_keys_people_rely_on(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    write_state_json(
        target,
        last_run=datetime(2025, 12, 3, 20, 56, tzinfo=UTC),
        mode="offline_mock",
        execution_time="5min_before_close",
        positions={"TQQQ": 150, "QQQ": 20},
        equity=25930.6700001,
        allocation={"TQQQ": 0.6, "QQQ": 0.4},
        context={"cell": 1, "vol_state": "Low", "t_norm": 0.3},
    )

    assert json.loads(target.read_text()) == {
        "last_run": "2025-12-03T20:56:00Z",
        "vol_state": "Low",
        "current_positions": {"QQQ": 20, "TQQQ": 150},
        "account_equity": 25930.67,
        "last_cell": 1,
        "last_allocation": {"QQQ": 0.4, "TQQQ": 0.6},
        "mode": "offline_mock",
        "execution_time": "5min_before_close",
    }


def test_state_json_keeps_its_keys_for_a_strategy_without_those_words(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    write_state_json(
        target,
        last_run=NOW,
        mode="online_live",
        execution_time="open",
        positions={},
        equity=0.0,
        allocation={},
    )
    state = json.loads(target.read_text())
    assert (state["last_cell"], state["vol_state"], state["current_positions"]) == (None, None, {})


@pytest.mark.parametrize(
    "name", ["ledger.db", "ledger-2026-02-30.db", "ledger-2026-11-2.db", "ledger-x.db", "notes"]
)
def test_other_files_of_the_folder_are_no_copies_and_stay(path: Path, name: str) -> None:
    folder(path).mkdir()
    (folder(path) / name).write_text("somebody's")
    with open_(path) as ledger:
        copy = ledger.backup(folder(path), keep_days=1, now=NOW)
    assert backups(folder(path)) == ((date(2026, 11, 20), copy),)
    assert prune(folder(path), keep_days=0, today=date(2030, 1, 1)) == ()
    assert (folder(path) / name).read_text() == "somebody's"


def test_there_are_no_copies_where_no_folder_is(tmp_path: Path) -> None:
    assert backups(tmp_path / "none") == ()


@given(st.sets(st.integers(0, 500), min_size=1, max_size=12), st.integers(0, 400))
def test_what_is_pruned_is_old_and_never_the_newest(ages: set[int], keep_days: int) -> None:
    today = date(2026, 11, 20)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for age in ages:
            (directory / f"ledger-{today - timedelta(days=age)}.db").touch()
        prune(directory, keep_days=keep_days, today=today)
        left = {(today - day).days for day, _ in backups(directory)}
    assert left == {age for age in ages if age <= keep_days or age == min(ages)}


def test_a_damaged_copy_never_takes_its_name(tmp_path: Path) -> None:
    source = tmp_path / "bad.db"
    with closing(sqlite3.connect(source)) as raw, raw:
        raw.execute("CREATE TABLE t (a TEXT)")
        raw.executemany("INSERT INTO t VALUES (?)", [("x" * 3000,)] * 50)
    content = bytearray(source.read_bytes())
    content[4096 * 3 : 4096 * 3 + 200] = b"\xff" * 200
    source.write_bytes(content)
    target = tmp_path / "copies" / "ledger-2026-11-20.db"
    with (
        closing(sqlite3.connect(source)) as raw,
        pytest.raises(LedgerDamaged, match="copy of the ledger is damaged"),
    ):
        copy_to(raw, target)
    assert list(target.parent.iterdir()) == []
