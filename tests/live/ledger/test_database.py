"""A replay commits once per session: steps stay all or nothing, and a real run still waits for the disk."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from live.ledger.errors import LedgerError
from live.ledger.ledger import Ledger

AT = datetime(2024, 3, 15, 20, 0, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=AT) as opened:
        yield opened


def seen_by_others(ledger: Ledger, key: str) -> str | None:
    with closing(sqlite3.connect(ledger.where)) as other:
        row = other.execute("SELECT value FROM system_state WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def fail_after_writing(ledger: Ledger, block: AbstractContextManager[Any], key: str) -> None:
    with block:
        ledger.state.set(key, "1", at=AT)
        raise ZeroDivisionError


def swallow_a_failure(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.state.set("half", "1", at=AT)
        with suppress(ZeroDivisionError):
            fail_after_writing(ledger, ledger.transaction(), "inner")


def test_a_batch_is_one_commit(ledger: Ledger) -> None:
    with ledger.batch():
        ledger.state.set("one", "1", at=AT)
        ledger.state.set("two", "2", at=AT)
        assert ledger.state.get("one") == "1"
        assert seen_by_others(ledger, "one") is None
    assert seen_by_others(ledger, "one") == "1"
    assert seen_by_others(ledger, "two") == "2"


def test_a_step_that_fails_takes_back_only_itself(ledger: Ledger) -> None:
    with ledger.batch():
        ledger.state.set("kept", "1", at=AT)
        with pytest.raises(ZeroDivisionError):
            fail_after_writing(ledger, ledger.transaction(), "lost")
        ledger.state.set("later", "3", at=AT)
    assert seen_by_others(ledger, "kept") == "1"
    assert seen_by_others(ledger, "lost") is None
    assert seen_by_others(ledger, "later") == "3"


def test_a_step_with_a_failed_part_is_taken_back_whole(ledger: Ledger) -> None:
    with ledger.batch():
        with pytest.raises(LedgerError, match="nothing of it was kept"):
            swallow_a_failure(ledger)
        assert ledger.state.get("half") is None
        ledger.state.set("after", "2", at=AT)
    assert seen_by_others(ledger, "after") == "2"


def test_what_was_done_before_an_error_is_kept(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after_writing(ledger, ledger.batch(), "done")
    assert seen_by_others(ledger, "done") == "1"
    ledger.state.set("next", "2", at=AT)  # and the ledger goes on as before
    assert seen_by_others(ledger, "next") == "2"


def test_a_rehearsal_inside_leaves_nothing(ledger: Ledger) -> None:
    with ledger.batch():
        with ledger.rehearsal():
            ledger.state.set("tried", "1", at=AT)
        assert ledger.state.get("tried") is None


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 0)])
def test_only_a_replay_may_trade_safety_for_speed(tmp_path: Path, durable: bool, level: int) -> None:
    with Ledger.open(tmp_path / "other.db", account="paper", now=AT, durable=durable) as opened:
        raw = opened._db.raw
        assert raw.execute("PRAGMA synchronous").fetchone() == (level,)
