"""A ledger in another database than SQLite, and SQLAlchemy's view of SQLite; loaded only when needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from live.ledger.column_types import SERVER, SQLITE, to_json
from live.ledger.errors import explain
from live.ledger.links import Values


class ServerLink:
    """A connection of SQLAlchemy to a URL; its driver must be installed."""

    raw = None

    def __init__(self, url: str, where: str) -> None:
        self.where = where
        self.engine = create_engine(url, json_serializer=to_json)
        self.codec = SQLITE if self.engine.dialect.name == "sqlite" else SERVER
        with alchemy_errors(where):
            self.connection = self.engine.connect()

    def rows(self, statement: str, values: Values) -> Sequence[Sequence[Any]]:
        """Return every row of a select, in a transaction of its own when none is open."""
        with alchemy_errors(self.where):
            outside = not self.connection.in_transaction()
            try:
                return self.connection.execute(text(statement), values).all()
            finally:
                if outside:
                    self.connection.rollback()

    def change(self, statement: str, values: Values) -> int:
        """Run an update, delete or insert; return how many rows it touched."""
        with alchemy_errors(self.where):
            return self.connection.execute(text(statement), values).rowcount

    def insert(self, statement: str, values: Values) -> int:
        """Insert one row; return its `id`."""
        with alchemy_errors(self.where):
            key: int = self.connection.execute(text(f"{statement} RETURNING id"), values).scalar_one()
            return key

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Begin a transaction, commit it at the end, or roll back when the block fails."""
        with alchemy_errors(self.where), self.connection.begin():
            yield

    def has_table(self, name: str) -> bool:
        """Tell whether a table exists."""
        with alchemy_errors(self.where):
            found = inspect(self.connection).has_table(name)
            self.connection.rollback()
            return found

    def create_tables(self, revision: str) -> None:
        """Create every table of the ledger in one transaction and stamp its revision."""
        from live.ledger.schema import metadata, version_table

        version = version_table()
        with self.begun():
            metadata().create_all(self.connection)
            version.create(self.connection)
            self.connection.execute(version.insert().values(version_num=revision))

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()
        self.engine.dispose()


@contextmanager
def alchemy_errors(where: str) -> Iterator[None]:
    """Turn SQLAlchemy's errors into one line that says what to do. Constraint violations pass through."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise explain(where, error.orig or error) from error


@contextmanager
def borrowed(raw: sqlite3.Connection, where: str) -> Iterator[Connection]:
    """Yield SQLAlchemy's view of an open SQLite connection, inside one writing transaction of its own."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: raw,
        poolclass=StaticPool,
        pool_reset_on_return=None,
        json_serializer=to_json,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with alchemy_errors(where), engine.begin() as connection:
        yield connection
