"""Bringing an older ledger up to date with Alembic; imported only when that is needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from live.ledger.database import Database
from live.ledger.server import ServerLink, borrowed

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, to: str = "head") -> None:
    """Upgrade the ledger in one transaction: it is the new version afterwards, or still the old one."""
    if database.raw is not None:
        with borrowed(database.raw, database.where) as connection:
            run(connection, to)
    elif isinstance(database.link, ServerLink):
        with database.transaction():
            run(database.link.connection, to)


def run(connection: Connection, to: str = "head") -> None:
    """Run the migrations on a connection whose transaction the caller owns."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
