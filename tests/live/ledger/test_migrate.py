"""An older ledger becomes the new version in one step, or stays the old one."""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from live.ledger import migrate, opening
from live.ledger.ledger import Ledger

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


def test_migrating_from_nothing_makes_the_very_tables_the_models_describe(tmp_path: Path) -> None:
    made, migrated = tmp_path / "made.db", tmp_path / "migrated.db"
    Ledger.open(made, account="paper", now=NOW).close()
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        migrate.run(connection)
    engine.dispose()

    left, right = sqlite3.connect(made), sqlite3.connect(migrated)
    try:
        expected, found = _columns(left), _columns(right)
        assert found == expected
        assert right.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (opening.REVISIONS[-1],)
        ]
        assert _indexes(right) == _indexes(left)
    finally:
        left.close()
        right.close()


def _tables(connection: sqlite3.Connection) -> list[str]:
    return sorted(
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    )


def _columns(connection: sqlite3.Connection) -> dict[str, Any]:
    """Name, type, nullability, default and key of every column, and every foreign key."""
    return {
        table: (
            [row[1:] for row in connection.execute(f"PRAGMA table_info({table})")],
            [row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})")],
        )
        for table in _tables(connection)
    }


def _indexes(connection: sqlite3.Connection) -> set[Any]:
    """Every index and unique constraint with its columns."""
    return {
        (table, index[2], tuple(row[2] for row in connection.execute(f"PRAGMA index_info('{index[1]}')")))
        for table in _tables(connection)
        for index in connection.execute(f"PRAGMA index_list({table})")
    }


LATEST = opening.REVISIONS[-1]


NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9998"
down_revision = "LATEST"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("alerts") as batch:
        batch.add_column(sa.Column("note", sa.Text(), nullable=True))
"""


def test_an_older_ledger_is_brought_up_to_date_and_keeps_its_rows(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "v9998_note.py").write_text(NEXT.replace("LATEST", LATEST))
    monkeypatch.setattr(opening, "REVISIONS", (*opening.REVISIONS, "9998"))
    monkeypatch.setattr(migrate, "MIGRATIONS", migrations)

    Ledger.open(filled, account="paper", now=NOW).close()

    with sqlite3.connect(filled) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("9998",)]
        assert raw.execute("SELECT count(*), count(note) FROM alerts").fetchall() == [(200, 0)]
    raw.close()


def test_a_failing_migration_leaves_the_old_version(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "v9998_note.py").write_text(
        NEXT.replace("LATEST", LATEST) + "    raise RuntimeError('half-way')\n"
    )
    monkeypatch.setattr(opening, "REVISIONS", (*opening.REVISIONS, "9998"))
    monkeypatch.setattr(migrate, "MIGRATIONS", migrations)

    with pytest.raises(RuntimeError, match="half-way"):
        Ledger.open(filled, account="paper", now=NOW)

    with sqlite3.connect(filled) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(LATEST,)]
        assert "note" not in [row[1] for row in raw.execute("PRAGMA table_info(alerts)")]
    raw.close()
