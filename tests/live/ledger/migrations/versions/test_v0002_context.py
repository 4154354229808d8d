"""Revision 0002 on a made-up ledger: what moves, and what a kill in the middle leaves."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from live.ledger import migrate
from live.ledger.ledger import Ledger
from live.ledger.opening import REVISIONS

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
SNAPSHOT = (
    "insert into performance_snapshots (account, variant, session, at, mode, equity, cash, cell) "
    "values ('paper', 'golden', ?, '2024-01-02 21:00:00', 'offline_mock', 1.5, 0.25, ?)"
)


@pytest.fixture
def old(tmp_path: Path) -> Any:
    """A ledger of revision 0001 with two snapshots."""
    path = tmp_path / "ledger.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate.run(connection, "0001")
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany(SNAPSHOT, [("2024-01-02", 3), ("2024-01-03", None)])
    return path


def read(path: Any, statement: Any) -> Any:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(statement).fetchall()


def test_values_move_and_everything_else_stays(old: Any) -> None:
    with Ledger.open(old, account="paper", now=NOW) as ledger:
        found = ledger.snapshots.series("golden")
    assert [row.context for row in found] == [{"cell": 3}, {}]
    assert [(row.equity, row.cash, row.residual_cash) for row in found] == [(1.5, 0.25, None)] * 2
    assert read(old, "select version_num from alembic_version") == [(REVISIONS[-1],)]


def test_the_file_from_before_is_kept_private_beside_it(old: Any) -> None:
    Ledger.open(old, account="paper", now=NOW).close()
    kept = old.with_name("ledger.before_0002.db")
    assert read(kept, "select cell from performance_snapshots order by id") == [(3,), (None,)]
    assert read(kept, "select version_num from alembic_version") == [("0001",)]
    assert kept.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in old.parent.iterdir()) == ["ledger.before_0002.db", "ledger.db"]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import event
from sqlalchemy.engine import Engine
from live.ledger.ledger import Ledger
from live.ledger.opening import REVISIONS

left = int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, parameters, context, many):
    global left
    if "_alembic_tmp" in statement or "context" in statement:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

Ledger.open(sys.argv[1], account="paper", now=datetime(2026, 11, 20, tzinfo=UTC)).close()
"""


@pytest.mark.parametrize("statements", [0, 1, 3, 6, 9])
def test_a_kill_in_the_middle_leaves_the_old_ledger_and_the_next_start_finishes(
    old: Any, statements: int
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(old), str(statements)], env=dict(os.environ), check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert read(old, "select version_num from alembic_version") == [("0001",)]
    assert read(old, "select cell from performance_snapshots order by id") == [(3,), (None,)]
    Ledger.open(old, account="paper", now=NOW).close()
    contexts = read(old, "select context from performance_snapshots order by id")
    assert [json.loads(text) for (text,) in contexts] == [{"cell": 3}, {}]
