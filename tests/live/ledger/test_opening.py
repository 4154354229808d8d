"""Creating, judging, migrating and refusing ledger files."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from live.ledger import links
from live.ledger.errors import LedgerDamaged, LedgerMissing, LedgerTooNew, LedgerUnavailable
from live.ledger.ledger import Ledger
from live.ledger.schema import metadata
from tests.support.paths import PROJECT

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def filled(path: Path) -> Path:
    with Ledger.open(path, account="paper", now=NOW) as ledger:
        for number in range(200):
            ledger.alerts.add(f"k{number}", level="info", title="t" * 50, body="b" * 200, at=NOW)
    return path


def test_a_new_ledger_is_durable_private_and_complete(path: Path) -> None:
    with Ledger.open(path, account="paper", now=NOW) as ledger:
        raw = ledger._db.raw
        assert raw is not None
        pragmas = {
            name: raw.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    # synchronous 2 is FULL
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in path.parent.iterdir()) == ["ledger.db"]
    with sqlite3.connect(path) as raw:
        tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    raw.close()
    assert tables >= {
        "orders", "order_events", "live_trades", "positions", "run_log", "shadow_positions", "shadow_signals",
        "performance_snapshots", "config_overrides", "config_history", "system_state",
    }  # fmt: skip


def test_every_table_carries_the_account_key() -> None:
    assert [t.name for t in metadata().sorted_tables if "account" not in t.c] == []


def test_reading_commands_do_not_create_a_ledger(path: Path) -> None:
    with pytest.raises(LedgerMissing) as raised:
        Ledger.open(path, account="paper", now=NOW, create=False)

    assert raised.value.exit_code == 2
    assert not path.parent.exists()


def test_a_ledger_of_a_newer_program_is_refused(filled: Path) -> None:
    with sqlite3.connect(filled) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()

    with pytest.raises(LedgerTooNew, match="9999") as raised:
        Ledger.open(filled, account="paper", now=NOW)

    assert raised.value.exit_code == 2


def _zero_bytes(path: Path) -> None:
    path.write_bytes(b"")


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _header_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


def _text(path: Path) -> None:
    path.write_text("this is not a database\n" * 100)


def _zeroed_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 12] = bytes(4096 * 9)
    path.write_bytes(content)


def _something_else(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE songs (title)")
    raw.close()


@pytest.mark.parametrize(
    "damage", [_zero_bytes, _truncated, _header_cut, _text, _zeroed_pages, _something_else]
)
def test_a_damaged_ledger_stops_with_code_8_and_is_never_touched(
    filled: Path, damage: Callable[..., Any]
) -> None:
    damage(filled)
    before = filled.read_bytes()

    with pytest.raises(LedgerDamaged) as raised:
        Ledger.open(filled, account="paper", now=NOW)

    assert raised.value.exit_code == 8
    assert str(filled) in raised.value.line()
    assert "jutsu recover" in raised.value.line() or damage is _something_else
    assert filled.read_bytes() == before


def test_judging_a_damaged_ledger_does_not_fold_its_log_into_it(path: Path) -> None:
    ledger = Ledger.open(path, account="paper", now=NOW)
    for number in range(300):
        ledger.alerts.add(f"k{number}", level="info", title="t" * 50, body="b" * 400, at=NOW)
    raw = ledger._db.raw
    assert raw is not None
    raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
    ledger.alerts.add("last", level="info", title="t", body="b", at=NOW)
    copy = path.with_name("copy.db")
    _copy_with_log(path, copy)
    ledger.close()
    _zeroed_pages(copy)
    log = copy.with_name("copy.db-wal")
    before = copy.read_bytes(), log.read_bytes()

    with pytest.raises(LedgerDamaged):
        Ledger.open(copy, account="paper", now=NOW)

    assert (copy.read_bytes(), log.read_bytes()) == before


def _copy_with_log(path: Path, copy: Path) -> None:
    """What a power cut leaves: the file and a log that was never folded in."""
    shutil.copyfile(path, copy)
    shutil.copyfile(path.with_name(path.name + "-wal"), copy.with_name(copy.name + "-wal"))


def test_an_emptied_file_does_not_cost_the_write_ahead_log(filled: Path) -> None:
    log = filled.with_name("ledger.db-wal")
    filled.write_bytes(b"")
    log.write_bytes(b"precious" * 100)

    with pytest.raises(LedgerDamaged):
        Ledger.open(filled, account="paper", now=NOW)

    assert log.read_bytes() == b"precious" * 100


def test_a_log_without_its_ledger_is_not_replaced_by_a_new_ledger(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("ledger.db-wal").write_bytes(b"x" * 5000)

    with pytest.raises(LedgerDamaged, match="write-ahead log"):
        Ledger.open(path, account="paper", now=NOW)

    assert not path.exists()


def test_a_locked_ledger_says_so(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "BUSY_MILLISECONDS", 30)
    other = sqlite3.connect(filled, isolation_level=None)
    with Ledger.open(filled, account="paper", now=NOW) as ledger:
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(LedgerUnavailable, match="another process is writing") as raised:
                ledger.state.set("a", "1", at=NOW)
            assert ledger.state.get("created") is not None  # reading goes on
        finally:
            other.execute("ROLLBACK")
            other.close()
        ledger.state.set("a", "1", at=NOW)
    assert raised.value.exit_code == 8
    assert "\n" not in raised.value.line()


def test_a_full_disk_says_so_and_loses_nothing(filled: Path) -> None:
    with Ledger.open(filled, account="paper", now=NOW) as ledger:
        raw = ledger._db.raw
        assert raw is not None
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerUnavailable, match="disk is full"):
            ledger.state.set("big", "x" * 100_000, at=NOW)
        raw.execute("PRAGMA max_page_count = 1000000")
        assert ledger.state.get("big") is None
        ledger.state.set("small", "1", at=NOW)
        assert ledger.state.get("small") == "1"


def test_a_read_only_ledger_says_so(filled: Path) -> None:
    with Ledger.open(filled, account="paper", now=NOW) as ledger:
        raw = ledger._db.raw
        assert raw is not None
        raw.execute("PRAGMA query_only = ON")
        with pytest.raises(LedgerUnavailable, match="read-only"):
            ledger.state.set("a", "1", at=NOW)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LedgerUnavailable, match="cannot be created"):
            Ledger.open(tmp_path / "ledger.db", account="paper", now=NOW)
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(LedgerUnavailable, match="cannot be created"):
        Ledger.open(tmp_path / "state" / "ledger.db", account="paper", now=NOW)


def test_a_reader_looks_and_never_writes_creates_or_migrates(path: Path) -> None:
    with pytest.raises(LedgerMissing):
        Ledger.open_to_read(path, account="paper")
    assert not path.parent.exists()
    with Ledger.open(path, account="paper", now=NOW) as ledger:
        ledger.state.set("a", "1", at=NOW)
        with Ledger.open_to_read(path, account="paper") as reader:
            assert reader.state.get("a") == "1"
            with reader.reading():
                assert reader.state.get("a") == "1"
                ledger.state.set("a", "2", at=NOW)
                assert reader.state.get("a") == "1"
            assert reader.state.get("a") == "2"
            with pytest.raises(LedgerUnavailable):
                reader.state.set("a", "3", at=NOW)


def test_a_reader_refuses_another_revision(path: Path) -> None:
    with Ledger.open(path, account="paper", now=NOW):
        pass
    with sqlite3.connect(path) as raw:
        raw.execute("update alembic_version set version_num = '0001'")
    before = path.read_bytes()
    with pytest.raises(LedgerTooNew, match="0001"):
        Ledger.open_to_read(path, account="paper")
    assert path.read_bytes() == before


def test_a_reader_says_what_is_wrong_with_a_file_that_is_no_ledger(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 500)
    with pytest.raises(LedgerDamaged, match="not a ledger"):
        Ledger.open_to_read(path, account="paper")


def test_the_number_of_a_connection_changes_with_commits_of_others(path: Path) -> None:
    with (
        Ledger.open(path, account="paper", now=NOW) as ledger,
        Ledger.open_to_read(path, account="p") as reader,
    ):
        before = reader.data_version()
        assert reader.data_version() == before
        ledger.state.set("a", "1", at=NOW)
        assert reader.data_version() != before


OTHER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from live.ledger.ledger import Ledger
with Ledger.open(Path(sys.argv[1]), account="paper", now=datetime.now(UTC)) as ledger:
    ledger.state.set("a", sys.argv[2], at=datetime.now(UTC))
"""


def test_judging_the_file_takes_no_lock_from_who_reads_it_in_this_process(path: Path) -> None:
    """Another program that opens and ends while this one reads must not fold the log away under it."""
    with Ledger.open(path, account="paper", now=NOW) as ledger:
        ledger.state.set("a", "0", at=NOW)
    with Ledger.open_to_read(path, account="paper") as reader:
        assert reader.state.get("a") == "0"
        for number in range(3):
            with Ledger.open(path, account="paper", now=NOW, create=False) as writer:  # judges the file first
                writer.state.set("b", str(number), at=NOW)
            subprocess.run([sys.executable, "-c", OTHER, str(path), str(number)], cwd=PROJECT, check=True)
            assert path.with_name(f"{path.name}-wal").exists(), (
                "the log of a connection in use was taken away"
            )
            assert (reader.state.get("a"), reader.state.get("b")) == (str(number), str(number))
