"""The study database: every set that was ever tried, in chunks of their statistics.

SQLite, one file. A chunk is one transaction and is stored once: computed twice (by a resumed run, or by two
runs at a time) it must have the same bytes, or that is an error. Statements are plain text.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.decision import Json
from backtest.core.errors import JutsuError, UsageError
from backtest.core.files import require_regular, why
from backtest.research.identity import Identity
from backtest.research.rule_sets import STATISTICS
from backtest.research.search import ADAPTIVE

DEFAULT: Final = Path("state/research.db")
VARIABLE: Final = "JUTSU_RESEARCH_DB"
_VERSION: Final = 1
#: seconds to wait for another run that is writing
_PATIENCE: Final = 30.0
#: in the document of a study: valid sets that were tried before --fresh
_FORGOTTEN: Final = "tried_before"
_SCHEMA: Final = """
CREATE TABLE study (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, strategy TEXT NOT NULL, document TEXT NOT NULL,
  spec_sha TEXT NOT NULL, data_sha TEXT NOT NULL, code_sha TEXT NOT NULL, versions TEXT NOT NULL,
  symbols TEXT NOT NULL, first_day TEXT NOT NULL, last_day TEXT NOT NULL, total INTEGER NOT NULL);
CREATE TABLE chunk (
  study TEXT NOT NULL REFERENCES study(id), first INTEGER NOT NULL, count INTEGER NOT NULL,
  tried INTEGER NOT NULL, sha256 TEXT NOT NULL, stats BLOB NOT NULL, PRIMARY KEY (study, first));
CREATE TABLE failure (
  study TEXT NOT NULL REFERENCES study(id), first INTEGER NOT NULL, count INTEGER NOT NULL,
  attempts INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (study, first));
CREATE TABLE look (
  study TEXT NOT NULL REFERENCES study(id), trial INTEGER NOT NULL, first_day TEXT NOT NULL,
  last_day TEXT NOT NULL, figures TEXT NOT NULL, PRIMARY KEY (study, trial));
CREATE TABLE fold (
  study TEXT NOT NULL REFERENCES study(id), plan TEXT NOT NULL, number INTEGER NOT NULL,
  document TEXT NOT NULL, PRIMARY KEY (study, plan, number));
"""


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study as the database knows it.

    Attributes:
        number: order of creation.
        document: the normalised study file with its paths, JSON-ready.
        symbols: whose bars were read.
        first_day, last_day: sessions the search saw.
        total: sets that were asked for, the most so far.
    """

    number: int
    id: str
    name: str
    strategy: str
    document: Json
    identity: Identity
    symbols: tuple[str, ...]
    first_day: date
    last_day: date
    total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is: sets stored, of these valid ones, and sets that failed."""

    stored: int
    tried: int
    failed: int


def database_path() -> Path:
    """Return the file that `JUTSU_RESEARCH_DB` names, else state/research.db."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)


@contextmanager
def open_database(path: Path, *, create: bool = True) -> Iterator[Database]:
    """Open the database, made anew when there is none.

    Raises:
        UsageError: it cannot be opened, is no study database, or there is none and none may be made.
    """
    if not create and not path.exists():
        raise UsageError(
            "no study database", where=str(path), remedy="run python -m backtest optimize STUDY.yaml"
        )
    try:
        require_regular(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"cannot be opened: {why(error)}", where=str(path)) from error
    try:
        _prepare(connection, path)
        yield Database(connection, path)
    except sqlite3.Error as error:
        raise UsageError(
            f"the study database fails: {error}", where=str(path), remedy="check the file and the disk"
        ) from error
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("BEGIN IMMEDIATE")
    known = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if known == 0 and tables == 0:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={_VERSION}")
    elif (
        known != _VERSION
        or not connection.execute("SELECT 1 FROM sqlite_master WHERE name='chunk'").fetchone()
    ):
        connection.execute("ROLLBACK")
        raise UsageError(
            "is no study database of this version",
            where=str(path),
            remedy=f"name another file with {VARIABLE}",
        )
    connection.execute("COMMIT")


class Database:
    """One open study database; used by one thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    def begin(
        self,
        identity: Identity,
        document: Json,
        *,
        symbols: tuple[str, ...],
        days: tuple[date, date],
        total: int,
        fresh: bool = False,
    ) -> StudyRow:
        """Return the study of this identity, made when there is none.

        `fresh` forgets what it computed, but not how many sets that were (`tried`).
        """
        with self._transaction():
            forgotten = self.tried(identity.id) if fresh else self._forgotten(identity.id)
            self.connection.execute(
                "INSERT INTO study VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
                " total = max(total, excluded.total), document = excluded.document",
                (
                    identity.id,
                    document["name"],
                    document["strategy"],
                    json.dumps({**document, _FORGOTTEN: forgotten} if forgotten else document),
                    identity.spec,
                    identity.data,
                    identity.code,
                    identity.versions,
                    json.dumps(symbols),
                    days[0].isoformat(),
                    days[1].isoformat(),
                    total,
                ),
            )
            if fresh:
                for table in ("chunk", "failure", "fold"):
                    self.connection.execute(f"DELETE FROM {table} WHERE study = ?", (identity.id,))  # noqa: S608
        return self.study(identity.id)

    def studies(self) -> tuple[StudyRow, ...]:
        """Return every study, oldest first."""
        rows = self.connection.execute("SELECT rowid, * FROM study ORDER BY rowid").fetchall()
        return tuple(_study_row(row) for row in rows)

    def study(self, text: str) -> StudyRow:
        """Return the study whose id begins with a text, or the newest one of a name.

        Raises:
            UsageError: there is none, or several ids begin so.
        """
        studies = self.studies()
        found = [row for row in studies if row.id.startswith(text)] if len(text) >= 4 else []
        found = found or [row for row in studies if row.name == text][-1:]
        if len(found) != 1:
            problem = "no such study" if not found else f"{len(found)} studies begin so"
            raise UsageError(
                f"{problem}: {text!r}", where=str(self.path), remedy="python -m backtest study list"
            )
        return found[0]

    def store(self, study: str, first: int, statistics: FloatArray) -> bool:
        """Store the statistics of sets `first` on; return whether they are new.

        Raises:
            JutsuError: other figures are stored for the same sets.
        """
        blob = np.ascontiguousarray(statistics, dtype="<f8").tobytes()
        sha = hashlib.sha256(blob).hexdigest()
        tried = int(np.isfinite(statistics[:, 0]).sum())
        with self._transaction():
            done = self.connection.execute(
                "INSERT INTO chunk VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                (study, first, len(statistics), tried, sha, blob),
            ).rowcount
            self.connection.execute(
                "DELETE FROM failure WHERE study = ? AND first >= ? AND first < ?",
                (study, first, first + len(statistics)),
            )
            if not done:
                self._require_same(study, first, statistics)
        return bool(done)

    def _require_same(self, study: str, first: int, statistics: FloatArray) -> None:
        (blob,) = self.connection.execute(
            "SELECT stats FROM chunk WHERE study = ? AND first = ?", (study, first)
        ).fetchone()
        mine = np.ascontiguousarray(statistics, dtype="<f8").tobytes()
        shared = min(len(mine), len(blob))  # a run with another budget may have cut its last chunk shorter
        if mine[:shared] != blob[:shared]:
            raise JutsuError(
                f"the sets from {first} on were computed twice with different figures",
                where=study[:8],
                remedy="python -m backtest study verify, then optimize --fresh",
            )

    def fail(self, study: str, first: int, count: int, attempts: int, reason: str) -> None:
        """Note that sets could not be computed."""
        with self._transaction():
            self.connection.execute(
                "INSERT INTO failure VALUES (?,?,?,?,?) ON CONFLICT (study, first) DO UPDATE SET"
                " count = excluded.count, attempts = attempts + excluded.attempts, reason = excluded.reason",
                (study, first, count, attempts, reason),
            )

    def failures(self, study: str) -> tuple[tuple[int, int, int, str], ...]:
        """Return first, count, attempts and reason of what failed and was never computed since."""
        return tuple(
            self.connection.execute(
                "SELECT first, count, attempts, reason FROM failure WHERE study = ? ORDER BY first", (study,)
            )
        )

    def missing(self, study: str, total: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges (first, count) below `total` that are not stored."""
        at = 0
        rows = self.connection.execute(
            "SELECT first, count FROM chunk WHERE study = ? ORDER BY first", (study,)
        )
        for first, count in rows.fetchall():
            if first > at and at < total:
                yield at, min(first, total) - at
            at = max(at, first + count)
        if at < total:
            yield at, total - at

    def statistics(self, study: str, total: int) -> FloatArray:
        """Return the statistics of sets 0 to total - 1, shape (total, STATISTICS); NaN where none are stored.

        Raises:
            UsageError: stored bytes do not have their digest.
        """
        found: FloatArray = np.full((total, STATISTICS), np.nan)
        for first, part, whole in self.chunks(study):
            if not whole:
                raise UsageError(
                    f"the sets from {first} on are damaged",
                    where=str(self.path),
                    remedy="python -m backtest study verify says which; optimize --fresh computes all anew",
                )
            if first < total:
                last = min(first + len(part), total)
                found[first:last] = part[: last - first]
        return found

    def chunks(self, study: str) -> Iterator[tuple[int, FloatArray, bool]]:
        """Yield first, statistics and whether the bytes have their digest, of every stored chunk."""
        rows = self.connection.execute(
            "SELECT first, count, sha256, stats FROM chunk WHERE study = ? ORDER BY first", (study,)
        ).fetchall()
        for first, count, sha, blob in rows:
            whole = hashlib.sha256(blob).hexdigest() == sha and len(blob) == 8 * STATISTICS * count
            values = np.frombuffer(blob, dtype="<f8") if whole else np.full(count * STATISTICS, np.nan)
            yield first, values.reshape(count, STATISTICS), whole

    def progress(self, study: str) -> Progress:
        """Return how far a study is."""
        stored, tried = self.connection.execute(
            "SELECT coalesce(sum(count), 0), coalesce(sum(tried), 0) FROM chunk WHERE study = ?", (study,)
        ).fetchone()
        failed = self.connection.execute(
            "SELECT coalesce(sum(count), 0) FROM failure WHERE study = ?", (study,)
        ).fetchone()[0]
        return Progress(stored, tried, failed)

    def tried(self, study: str) -> int:
        """Return how many valid sets of a study were ever tried: stored, forgotten, or by a walk-forward.

        Set number i is the same one wherever it was tried, so the most of the three is counted. An adaptive
        search draws others in every fold: those are added.
        """
        ranked = [int(fold.get("ranked", 0)) for _, fold in self.folds(study)]
        own = max(self.progress(study).tried, self._forgotten(study))
        return own + sum(ranked) if self._adaptive(study) else max(own, *ranked, 0)

    def _adaptive(self, study: str) -> bool:
        row = self.connection.execute("SELECT document FROM study WHERE id = ?", (study,)).fetchone()
        document = {} if row is None else json.loads(row[0])
        search = document.get("file", {}).get("search") or {}
        return search.get("method") in ADAPTIVE

    def _forgotten(self, study: str) -> int:
        row = self.connection.execute("SELECT document FROM study WHERE id = ?", (study,)).fetchone()
        return 0 if row is None else int(json.loads(row[0]).get(_FORGOTTEN, 0))

    def look(self, study: str, trial: int, days: tuple[date, date], figures: Mapping[str, float]) -> None:
        """Note that a set was judged on the holdout; once noted it stays."""
        with self._transaction():
            self.connection.execute(
                "INSERT INTO look VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
                (study, trial, days[0].isoformat(), days[1].isoformat(), json.dumps(dict(figures))),
            )

    def looks(self) -> tuple[tuple[str, int, date, date, dict[str, float]], ...]:
        """Return study, trial, first and last day and figures of every look at a holdout."""
        rows = self.connection.execute(
            "SELECT study, trial, first_day, last_day, figures FROM look ORDER BY rowid"
        )
        return tuple(
            (study, trial, date.fromisoformat(first), date.fromisoformat(last), json.loads(text))
            for study, trial, first, last, text in rows
        )

    def store_folds(self, study: str, plan: str, documents: list[Json]) -> None:
        """Keep the folds of a walk-forward, in place of those of an earlier run of the same plan."""
        with self._transaction():
            self.connection.execute("DELETE FROM fold WHERE study = ? AND plan = ?", (study, plan))
            self.connection.executemany(
                "INSERT INTO fold VALUES (?,?,?,?)",
                [(study, plan, number, json.dumps(document)) for number, document in enumerate(documents)],
            )

    def folds(self, study: str) -> tuple[tuple[str, Json], ...]:
        """Return plan and document of every fold of a study, in order."""
        rows = self.connection.execute(
            "SELECT plan, document FROM fold WHERE study = ? ORDER BY rowid", (study,)
        )
        return tuple((plan, json.loads(text)) for plan, text in rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self.connection:  # rolls back only what SQLite has not rolled back itself (a full disk)
            self.connection.execute("BEGIN IMMEDIATE")
            yield


def _study_row(row: tuple[Any, ...]) -> StudyRow:
    number, id_, name, strategy, document, spec, data, code, versions, symbols, first, last, total = row
    return StudyRow(
        number=number,
        id=id_,
        name=name,
        strategy=strategy,
        document=json.loads(document),
        identity=Identity(spec, data, code, versions),
        symbols=tuple(json.loads(symbols)),
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        total=total,
    )
