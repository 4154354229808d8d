"""One connection to the ledger's database, transactions that nest, and errors a person understands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from live.ledger.batch_reads import BatchLink
from live.ledger.column_types import Convert
from live.ledger.errors import LedgerError, explain
from live.ledger.links import Link, Values
from live.ledger.records import LedgerRow
from live.ledger.statements import Query, Row, inserting, matching, select, updating
from live.ledger.tables import Base


class _TakenBack(Exception):  # noqa: N818 - the normal end of a rehearsal
    pass


class Database:
    """A connection kept for the life of the process; one thread only.

    Opening a connection per call would cost more than the call.
    """

    def __init__(self, link: Link, where: str, path: Path | None = None) -> None:
        self.link = link
        self.path = path
        self.where = where
        self._depth = 0
        self._failed = False
        self._batching = False
        self._conversions: dict[str, tuple[tuple[int, Convert], ...]] = {}

    @property
    def raw(self) -> sqlite3.Connection | None:
        """SQLite's own connection, None for another database."""
        return self.link.raw

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write atomically. Inner blocks join the outer one; if any of them failed, nothing is kept."""
        if self._depth:
            yield from self._join()
            return
        if self._batching:
            yield from self._step()
            return
        self._depth, self._failed = 1, False
        try:
            with translated(self.where), self.link.begun():
                yield
                self._refuse_half()
        finally:
            self._depth = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one consistent state in everything inside, whatever others commit meanwhile (SQLite)."""
        raw = self.raw
        assert raw is not None
        with translated(self.where):
            raw.execute("BEGIN")
            try:
                yield
            finally:
                if raw.in_transaction:  # a refused statement ends it
                    raw.execute("ROLLBACK")

    def data_version(self) -> int:
        """Return a number that changes when another connection commits (SQLite)."""
        raw = self.raw
        assert raw is not None
        with translated(self.where):
            return int(raw.execute("PRAGMA data_version").fetchone()[0])

    def wait_at_most(self, seconds: float) -> None:
        """Give up after this long when another program is writing (SQLite)."""
        if self.raw is not None:
            self.raw.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

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

        A power cut loses the batch: for replays, and for messages nothing else depends on.
        """
        raw = self.raw
        if self._depth or self._batching or raw is None:
            yield
            return
        with translated(self.where):
            raw.execute("BEGIN IMMEDIATE")
            alone, self.link = self.link, BatchLink(raw)
            self._batching = True
            try:
                yield
            finally:
                self._batching, self.link = False, alone
                if raw.in_transaction:
                    raw.execute("COMMIT")

    def _step(self) -> Iterator[None]:
        """Run one transaction of a batch."""
        raw = self.raw
        assert raw is not None
        self._depth, self._failed = 1, False
        raw.execute("SAVEPOINT step")
        try:
            yield
            self._refuse_half()
        except BaseException:
            if raw.in_transaction:
                raw.execute("ROLLBACK TO step")
            if isinstance(self.link, BatchLink):
                self.link.forget()
            raise
        finally:
            self._depth = 0
            if raw.in_transaction:
                raw.execute("RELEASE step")

    def _refuse_half(self) -> None:
        if self._failed:
            problem = "a step of this transaction failed, so nothing of it was kept"
            raise LedgerError(problem, where=self.where)

    def relax(self) -> None:
        """Stop waiting for the disk at every commit (replays only)."""
        if self.raw is not None:
            self.raw.execute("PRAGMA synchronous = OFF")

    def _join(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    def rows(self, text: str, values: Values) -> Sequence[Sequence[Any]]:
        """Return every row of a select; one select is one consistent state."""
        if self._depth or self._batching:
            return self.link.rows(text, values)
        with translated(self.where):
            return self.link.rows(text, values)

    def conversions(self, query: Query[Any]) -> tuple[tuple[int, Convert], ...]:
        """Return the places of a query's columns that are kept in another form, and what turns them back."""
        found = self._conversions.get(query.text)
        if found is None:
            kinds = (query.model.__columns__[name].kind for name in query.columns)
            decode = self.link.codec.decode
            found = tuple((place, decode[kind]) for place, kind in enumerate(kinds) if kind in decode)
            self._conversions[query.text] = found
        return found

    def close(self) -> None:
        """Give the connection back; the write-ahead log is folded into the file by SQLite."""
        self.link.close()


class Repository:
    """Base of the repositories: the database, the account, and rows as detached objects.

    Every statement gets the account as `:account`.
    """

    def __init__(self, database: Database, account: str) -> None:
        self._db = database
        self._account = account

    def _insert(self, model: type[Row], values: Mapping[str, Any]) -> Row:
        """Insert one row of this account and return it as stored."""
        with self._db.transaction():
            key = self._add(model, values)
            row = self._one(_by_id(model), {"id": key})
        assert row is not None
        return row

    def _add(self, model: type[Base], values: Mapping[str, Any]) -> int:
        """Insert one row of this account and return its id; columns not named get their default."""
        given = {"account": self._account, **values}
        for name, column in model.__columns__.items():
            if name not in given and column.default is not None:
                given[name] = column.default() if callable(column.default) else column.default
        text = inserting(model.__tablename__, tuple(given))
        with self._db.transaction():
            return self._db.link.insert(text, self._stored(model, given))

    def _update(self, model: type[Base], keys: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Update the rows of this account that have `keys`; return how many there are."""
        text = updating(model.__tablename__, ("account", *keys), tuple(values))
        changes = {f"new_{name}": value for name, value in self._stored(model, values).items()}
        with self._db.transaction():
            return self._db.link.change(text, {**self._compared(keys), **changes})

    def _change(self, text: str, values: Mapping[str, Any]) -> int:
        """Run an update or delete; return how many rows it touched."""
        with self._db.transaction():
            return self._db.link.change(text, self._compared(values))

    def _upsert(
        self,
        model: type[Base],
        keys: Mapping[str, Any],
        values: Mapping[str, Any],
        new: Mapping[str, Any] | None = None,
    ) -> None:
        """Update the row of this account that has `keys`, or insert it, then with the values of `new` too."""
        with self._db.transaction():
            if values:
                known = self._update(model, keys, values) > 0
            else:
                known = bool(self._columns(select(model, matching("account", *keys), columns=("id",)), keys))
            if not known:
                self._add(model, {**keys, **(new or {}), **values})

    def _one(self, query: Query[Row], values: Mapping[str, Any] | None = None) -> Row | None:
        found = self._all(query, values)
        return found[0] if found else None

    def _all(self, query: Query[Row], values: Mapping[str, Any] | None = None) -> tuple[Row, ...]:
        model, names = query.model, query.columns
        return tuple(model.of(dict(zip(names, row, strict=True))) for row in self._columns(query, values))

    def _columns(self, query: Query[Any], values: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """Return the rows of a query as lists of its columns."""
        rows = [list(row) for row in self._db.rows(query.text, self._compared(values or {}))]
        if rows:
            for place, convert in self._db.conversions(query):
                for row in rows:
                    if row[place] is not None:
                        row[place] = convert(row[place])
        return rows

    def _stored(self, model: type[LedgerRow], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as the database keeps them in the columns of their names."""
        columns, codec = model.__columns__, self._db.link.codec
        return {name: codec.stored(columns[name].kind, value) for name, value in values.items()}

    def _compared(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as they are compared with columns, and the account."""
        compared = self._db.link.codec.compared
        return {"account": self._account} | {name: compared(value) for name, value in values.items()}


def _by_id(model: type[Row]) -> Query[Row]:
    return select(model, matching("id"))


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn SQLite's errors into one line that says what to do. Constraint violations pass through."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise explain(where, error) from error
