"""What a batch remembers is what the database would say: after any write, however it is made."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.ledger.batch_reads import BatchLink, tables_of
from live.ledger.ledger import Ledger
from live.ledger.links import SqliteLink, open_sqlite
from live.ledger.schema import metadata
from live.ledger.sqlite_schema import STATEMENTS
from live.ledger.tables import Base

AT = datetime(2024, 3, 15, 20, 0, tzinfo=UTC)
PLACES = "system_state (account, key, value, updated_at)"
VALUES = "SELECT key, value FROM system_state WHERE account = :account ORDER BY key"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=AT) as opened:
        yield opened


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The selects that reached the database."""
    found: list[str] = []
    plain = SqliteLink.rows

    def rows(self: SqliteLink, text: str, values: Any) -> Any:
        found.append(text)
        return plain(self, text, values)

    monkeypatch.setattr(SqliteLink, "rows", rows)
    return found


def test_the_same_question_is_asked_once_in_a_batch_and_each_time_outside(
    ledger: Ledger, asked: list[str]
) -> None:
    with ledger.batch():
        for _ in range(3):
            assert ledger.state.get("a") is None
        assert ledger.state.get("b") is None
    assert len(asked) == 2
    ledger.state.get("a")
    ledger.state.get("a")
    assert len(asked) == 4


def test_a_write_is_seen_and_leaves_other_tables_known(ledger: Ledger, asked: list[str]) -> None:
    with ledger.batch():
        assert ledger.state.get("a") is None
        assert ledger.orders.unfinished() == ()
        ledger.state.set("a", "1", at=AT)
        assert ledger.state.get("a") == "1"
        before = len(asked)
        assert ledger.orders.unfinished() == ()
        assert len(asked) == before


def test_a_step_taken_back_is_forgotten(ledger: Ledger) -> None:
    with ledger.batch():
        with ledger.rehearsal():
            ledger.state.set("a", "1", at=AT)
            assert ledger.state.get("a") == "1"
        assert ledger.state.get("a") is None


def test_nobody_else_can_write_while_a_batch_remembers(ledger: Ledger) -> None:
    with ledger.batch():
        assert ledger.state.get("a") is None
        other = sqlite3.connect(ledger.where, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO system_state (account, key, value) VALUES ('paper', 'a', '1')")
        other.close()


STEP = st.tuples(st.sampled_from(["link", "raw", "undone"]), st.sampled_from("abc"), st.integers(0, 3))


@given(st.lists(STEP, max_size=20))
def test_after_any_writes_the_answer_is_that_of_the_database(steps: list[tuple[str, str, int]]) -> None:
    link = open_sqlite(None)
    link.create_tables("test")
    link.raw.execute("BEGIN IMMEDIATE")
    known = BatchLink(link.raw)
    for how, key, value in steps:
        text = f"INSERT OR REPLACE INTO {PLACES} VALUES ('p', '{key}', '{value}', '')"
        if how == "link":
            known.change(text, {})
        elif how == "raw":
            link.raw.execute(text)
        else:
            link.raw.execute("SAVEPOINT s")
            known.change(text, {})
            known.rows(VALUES, {"account": "p"})
            link.raw.execute("ROLLBACK TO s")
            known.forget()
        assert known.rows(VALUES, {"account": "p"}) == link.rows(VALUES, {"account": "p"})
    link.close()


def test_every_table_is_found_in_a_statement_and_none_changes_behind_another() -> None:
    names = {table.__tablename__ for table in Base.__subclasses__()}
    assert names <= set(metadata().tables)
    for name in names:
        assert tables_of(f"SELECT x FROM {name} JOIN orders ON 1 WHERE y = :y") == {name, "orders"}
    assert not any(word in " ".join(STATEMENTS).upper() for word in ("CASCADE", "TRIGGER"))
