"""One connection to the ledger's database, transactions that nest, and errors a person understands."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Insert,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from live.ledger.errors import LedgerDamaged, LedgerError, LedgerUnavailable
from live.ledger.tables import Base

BUSY_MILLISECONDS = 10_000
RECOVER = "run `jutsu recover`; the file is left as it is"
_Model = TypeVar("_Model", bound=Base)


class _TakenBack(Exception):  # noqa: N818 - the normal end of a rehearsal
    pass


class Database:
    """A connection kept for the life of the process; one thread only.

    Opening a connection per call would cost more than the call.
    """

    def __init__(self, engine: Engine, where: str, path: Path | None = None) -> None:
        self.engine = engine
        self.path = path
        self.where = where
        self._begin = "BEGIN"
        self._depth = 0
        self._failed = False
        self._batching = False
        if engine.dialect.name == "sqlite":
            event.listen(engine, "begin", self._begin_sqlite)
        with translated(where):
            self.connection: Connection = engine.connect()

    def _begin_sqlite(self, connection: Connection) -> None:
        connection.exec_driver_sql(self._begin)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Write atomically. Inner blocks join the outer one; if any of them failed, nothing is kept."""
        if self._depth:
            yield from self._join()
            return
        if self._batching:
            yield from self._step()
            return
        # A writer takes its lock at once: upgrading a reader half-way fails where waiting would have helped.
        self._begin, self._failed = "BEGIN IMMEDIATE", False
        self._depth = 1
        try:
            with translated(self.where), self.connection.begin():
                yield self.connection
                self._refuse_half()
        finally:
            self._begin = "BEGIN"
            self._depth = 0

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Run everything inside for real, then take all of it back."""
        try:
            with self.transaction():
                yield
                raise _TakenBack  # noqa: TRY301 - makes the transaction keep nothing
        except _TakenBack:
            return

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Commit everything inside at the end (also when it fails); each transaction stays all or nothing.

        For replays: a power cut loses the batch, which a daily run must never risk.
        """
        raw = self._sqlite()
        if self._depth or self._batching or raw is None:
            yield
            return
        self._begin = "BEGIN IMMEDIATE"
        with translated(self.where):
            outer = self.connection.begin()
            self._batching = True
            try:
                yield
            finally:
                self._batching = False
                self._begin = "BEGIN"
                if (
                    self.connection.invalidated
                ):  # Ctrl-C inside a statement: the batch is lost, nothing is half
                    outer.rollback()
                else:
                    outer.commit()

    def _step(self) -> Iterator[Connection]:
        """Run one transaction of a batch."""
        raw = self._sqlite()
        assert raw is not None
        self._depth, self._failed = 1, False
        raw.execute("SAVEPOINT step")
        try:
            yield self.connection
            self._refuse_half()
        except BaseException:
            if not self.connection.invalidated:
                raw.execute("ROLLBACK TO step")
            raise
        finally:
            self._depth = 0
            if not self.connection.invalidated:
                raw.execute("RELEASE step")

    def _refuse_half(self) -> None:
        if self._failed:
            problem = "a step of this transaction failed, so nothing of it was kept"
            raise LedgerError(problem, where=self.where)

    def relax(self) -> None:
        """Stop waiting for the disk at every commit (replays only)."""
        raw = self._sqlite()
        if raw is not None:
            raw.execute("PRAGMA synchronous = OFF")

    def _sqlite(self) -> sqlite3.Connection | None:
        raw = self.connection.connection.driver_connection
        return raw if isinstance(raw, sqlite3.Connection) else None

    def _join(self) -> Iterator[Connection]:
        try:
            yield self.connection
        except BaseException:
            self._failed = True
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one consistent state without taking the writer's lock."""
        if self._depth or self._batching:
            yield self.connection
            return
        with translated(self.where), self.connection.begin():
            yield self.connection

    def rows(self, statement: Executable, values: dict[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Return every row of a select."""
        if self._depth or self._batching:
            return self.connection.execute(statement, values).all()
        with self.reading() as connection:
            return connection.execute(statement, values).all()

    def close(self) -> None:
        """Give the connection back; the write-ahead log is folded into the file by SQLite."""
        self.connection.close()
        self.engine.dispose()


class Repository:
    """Base of the repositories: the database, the account, and rows as detached objects."""

    def __init__(self, database: Database, account: str) -> None:
        self._db = database
        self._account = account

    def _insert(self, model: type[_Model], values: dict[str, Any]) -> _Model:
        """Insert one row of this account and return it as stored."""
        table = table_of(model)
        with self._db.transaction() as connection:
            result = connection.execute(_inserting(table), {"account": self._account, **values})
            key = result.inserted_primary_key
            assert key is not None
            row = connection.execute(_by_id(table), {"key_id": key[0]}).one()
        return detached(model, row)

    def _update(self, model: type[_Model], keys: dict[str, Any], values: dict[str, Any]) -> bool:
        """Update the row of this account that has `keys`; False when there is none."""
        statement = _updating(table_of(model), tuple(keys), tuple(values))
        changes = {f"new_{name}": value for name, value in values.items()}
        with self._db.transaction() as connection:
            return bool(connection.execute(statement, {**self._match(keys), **changes}).rowcount)

    def _match(self, keys: dict[str, Any]) -> dict[str, Any]:
        return {"key_account": self._account} | {f"key_{name}": value for name, value in keys.items()}

    def _upsert(
        self,
        model: type[_Model],
        keys: dict[str, Any],
        values: dict[str, Any],
        new: dict[str, Any] | None = None,
    ) -> None:
        """Update the row of this account that has `keys`, or insert it, then with the values of `new` too."""
        table = table_of(model)
        with self._db.transaction() as connection:
            if values and self._update(model, keys, values):
                return
            if connection.execute(_finding(table, tuple(keys)), self._match(keys)).first() is None:
                row = {"account": self._account, **keys, **(new or {}), **values}
                connection.execute(_inserting(table), row)

    def _one(
        self, model: type[_Model], statement: Executable, values: dict[str, Any] | None = None
    ) -> _Model | None:
        rows = self._db.rows(statement, values)
        return detached(model, rows[0]) if rows else None

    def _all(
        self, model: type[_Model], statement: Executable, values: dict[str, Any] | None = None
    ) -> tuple[_Model, ...]:
        return tuple(detached(model, row) for row in self._db.rows(statement, values))


def table_of(model: type[Base]) -> Table:
    """Return the table of a model."""
    return model.__table__


# Building a statement costs more than running it, so each is built once. Its parameters are
# called key_... in the condition and new_... in the values.


@cache
def _inserting(table: Table) -> Insert:
    return insert(table)


@cache
def _by_id(table: Table) -> Select[Any]:
    return select(table).where(table.c.id == bindparam("key_id"))


@cache
def _finding(table: Table, keys: tuple[str, ...]) -> Select[Any]:
    return select(table.c.id).where(*_matching(table, keys))


@cache
def _updating(table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> Update:
    changes: dict[str, Any] = {name: bindparam(f"new_{name}") for name in values}
    return update(table).where(*_matching(table, keys)).values(changes)


def _matching(table: Table, keys: tuple[str, ...]) -> list[ColumnElement[bool]]:
    return [table.c[name] == bindparam(f"key_{name}") for name in ("account", *keys)]


def detached(model: type[_Model], row: Row[Any]) -> _Model:
    """Return `row` as an object that belongs to no session: changing it changes nothing in the ledger."""
    return model.of(row._asdict())


def sqlite_engine(path: Path | None) -> Engine:
    """Return an engine for a file, or for memory when `path` is None."""
    url = "sqlite://" if path is None else f"sqlite:///{path}"
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
        json_serializer=to_json,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def server_engine(url: str) -> Engine:
    """Return an engine for another database; its driver must be installed."""
    return create_engine(url, json_serializer=to_json)


def _prepare_sqlite(raw: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(raw, sqlite3.Connection)
    raw.isolation_level = None  # we say BEGIN ourselves, see Database.transaction
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        raw.execute(f"PRAGMA {pragma}")


def to_json(value: Any) -> str:
    """Return JSON for a details column; NaN is refused because it is not JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):  # datetimes too
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be kept in the ledger")


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the driver's errors into one line that says what to do. Constraint violations pass through."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise explain(where, error.orig or error) from error
    except sqlite3.DatabaseError as error:
        raise explain(where, error) from error


_EXPLANATIONS: tuple[tuple[str, Callable[..., LedgerError], str, str], ...] = (
    ("locked", LedgerUnavailable, "another process is writing to the ledger and does not finish",
     "wait for it, or end it, then run the same command again"),
    ("readonly", LedgerUnavailable, "the ledger or its folder is read-only",
     "make both writable for this user, then run the same command again"),
    ("disk is full", LedgerUnavailable, "the disk is full",
     "free some space, then run the same command again"),
    ("disk I/O error", LedgerUnavailable, "the disk reports an error",
     "check disk and permissions, then run the same command again"),
    ("unable to open", LedgerUnavailable, "the ledger cannot be opened",
     "check that its folder exists and that this user may write to it"),
    ("malformed", LedgerDamaged, "the ledger is damaged", RECOVER),
    ("not a database", LedgerDamaged, "this file is not a ledger", RECOVER),
)  # fmt: skip


def explain(where: str, error: BaseException) -> LedgerError:
    """Return the error a person should see for a driver's error."""
    text = str(error)
    for fragment, kind, problem, remedy in _EXPLANATIONS:
        if fragment in text:
            return kind(problem, where=where, remedy=remedy)
    return LedgerError(f"the database says: {text}", where=where, remedy="run `jutsu doctor`")
