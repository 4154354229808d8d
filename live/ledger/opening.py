"""Opening a ledger: create it whole or not at all, judge the file before trusting it, bring it up to date."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Final

from backtest.core.files import require_regular
from live.ledger.backup import copy_to, discard
from live.ledger.database import Database, translated
from live.ledger.errors import (
    RECOVER,
    LedgerDamaged,
    LedgerError,
    LedgerMissing,
    LedgerTooNew,
    LedgerUnavailable,
    explain,
)
from live.ledger.links import open_sqlite, open_sqlite_reading

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every revision this version knows, oldest first; the last is what `tables` says (a test proves it)."""

_HEADER_BYTES: Final = 100


def open_database(target: Path | str, *, create: bool) -> Database:
    """Open a ledger file, `sqlite://` (memory) or another database's URL.

    Raises:
        LedgerMissing: no file and `create` is False.
        LedgerDamaged, LedgerUnavailable: the file cannot be trusted, or not be used now.
        LedgerTooNew: a newer version of the program wrote it.
    """
    if target in {"sqlite://", ":memory:"}:
        return _prepared(_sqlite(None, "memory"))
    text = str(target)
    if "://" in text and not text.startswith("sqlite:///"):
        from live.ledger.server import ServerLink

        where = text.rsplit("@", maxsplit=1)[-1]
        return _prepared(Database(ServerLink(text, where), where))
    path = Path(text.removeprefix("sqlite:///"))
    _refuse_half_done(path)
    if not path.exists():
        _refuse_orphaned_log(path)
        if not create:
            raise LedgerMissing(
                "there is no ledger yet", where=str(path), remedy="run `python -m live.signal_generator` once"
            )
        _create(path)
    check_file(path)
    return _prepared(_sqlite(path, str(path)))


def _sqlite(path: Path | None, where: str) -> Database:
    with translated(where):
        return Database(open_sqlite(path), where, path)


def open_scratch(path: Path) -> Database:
    """Open a copy in memory of a ledger file, for a run that must leave nothing behind and hold up nobody.

    A rehearsal on the file itself would keep its writer's lock while it waits for vendors, and an executor at
    work gives up after ten seconds.

    Raises:
        LedgerDamaged, LedgerUnavailable, LedgerTooNew: as `open_database`.
    """
    _refuse_half_done(path)
    check_file(path)
    database = _sqlite(None, str(path))
    target = database.raw
    assert target is not None
    with translated(str(path)):
        source = sqlite3.connect(path, timeout=10)
        try:
            source.backup(target)
        finally:
            source.close()
    return _prepared(database)


def open_reading(path: Path) -> Database:
    """Open a ledger file to look at it: read-only, never migrated, for programs beside the stages.

    Raises:
        LedgerMissing: no file. LedgerDamaged, LedgerUnavailable: it cannot be trusted, or not be used now.
        LedgerTooNew: another version of the program wrote it, a newer or an older one.
    """
    where = str(path)
    if not path.exists():
        raise LedgerMissing(
            "there is no ledger yet", where=where, remedy="run `python -m live.signal_generator` once"
        )
    with translated(where):
        database = Database(open_sqlite_reading(path), where, path)
    try:
        with translated(where):
            found = revision(database)
    except LedgerError:
        database.close()
        raise
    if found != REVISIONS[-1]:
        database.close()
        raise LedgerTooNew(
            f"the ledger has revision {found}, this program reads {REVISIONS[-1]}",
            where=where,
            remedy="run one stage (it brings an older ledger up to date), and start this program again",
        )
    return database


#: below the project: where an archive is unpacked before anything is replaced
RESTORE_FOLDER: Final = ".jutsu-restore"
#: below the project: what is left to do, from the moment that something is about to be replaced
RESTORE_PLAN: Final = f"{RESTORE_FOLDER}/plan.json"


def recovery_marker(path: Path) -> Path:
    """Return the file that exists while a damaged ledger is being replaced."""
    return path.with_name(f".{path.name}.recovering")


def restoring_marker(path: Path) -> Path:
    """Return the file that exists while an archive takes the place of a ledger and of what belongs to it."""
    return path.with_name(f".{path.name}.restoring")


def _refuse_half_done(path: Path) -> None:
    if recovery_marker(path).exists():
        raise LedgerDamaged("a recovery was interrupted", where=str(path), remedy=RECOVER)
    if restoring_marker(path).exists():
        raise LedgerDamaged(
            "a restore was interrupted",
            where=str(path),
            remedy="run the same `jutsu restore` again: it finishes; the old files are in before-restore-…",
        )


def check_file(path: Path) -> None:
    """Judge an existing ledger file without changing it.

    Only SQLite opens it: closing a file of our own would give back the locks that every other connection of
    this process holds on it (POSIX), and another program could then fold away the log they are reading.

    Raises:
        LedgerDamaged: empty, truncated, not SQLite, or inconsistent inside.
        LedgerUnavailable: it cannot be read now.
    """
    where = str(path)
    try:
        require_regular(path)
        size = path.stat().st_size
    except OSError as error:
        raise LedgerUnavailable(
            f"cannot be read: {error.strerror}", where=where, remedy="check the path and its permissions"
        ) from error
    if not os.access(path, os.R_OK):
        raise LedgerUnavailable(
            "cannot be read: Permission denied", where=where, remedy="check the path and its permissions"
        )
    # SQLite would quietly make a new database of an empty file and drop its write-ahead log.
    if size < _HEADER_BYTES:
        raise LedgerDamaged(f"only {size} bytes are left of this ledger", where=where, remedy=RECOVER)
    try:
        # Read-only: closing a writing connection would fold the log into a file that may be damaged.
        raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            verdict = [row[0] for row in raw.execute("PRAGMA quick_check(3)")]
            tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            raw.close()
    except sqlite3.Error as error:
        raise explain(where, error) from error
    if verdict != ["ok"]:
        raise LedgerDamaged(
            f"the ledger is damaged ({verdict[0].splitlines()[-1]})", where=where, remedy=RECOVER
        )
    if not {"orders", "alembic_version"} <= tables:
        raise LedgerDamaged(
            "this is a database of something else, not a ledger", where=where, remedy="name another file"
        )


def _refuse_orphaned_log(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise LedgerDamaged(
            f"the ledger is gone but its write-ahead log {log.name} is still there",
            where=str(path),
            remedy=RECOVER,
        )


def _create(path: Path) -> None:
    """Build the ledger under another name and link it into place: nobody ever sees half a ledger."""
    temporary = path.with_name(f".{path.name}.new.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        discard(temporary)
        temporary.touch(mode=0o600)
        with translated(str(path)), closing(open_sqlite(temporary)) as link:
            link.create_tables(REVISIONS[-1])
        _publish(temporary, path)
    except OSError as error:
        raise LedgerUnavailable(
            f"the ledger cannot be created: {error.strerror}",
            where=str(path),
            remedy="check that the folder exists, is writable and has space",
        ) from error
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            discard(temporary.with_name(temporary.name + suffix))


def _publish(temporary: Path, path: Path) -> None:
    """Give the finished file its name, unless another process was faster: its ledger is as good as ours."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if not path.exists():
            temporary.rename(path)


def _prepared(database: Database) -> Database:
    with translated(database.where):
        found = revision(database)
        if found is None:
            database.link.create_tables(REVISIONS[-1])
        elif found not in REVISIONS:
            database.close()
            raise _too_new(database.where, found)
        elif found != REVISIONS[-1]:
            _migrate(database, found)
    return database


def _migrate(database: Database, found: str) -> None:
    """Bring a ledger up to date after a copy, in one transaction; a file never while an executor is at work.

    Raises:
        AnotherRunError: 7, a run of the earlier version is at work.
    """
    from live.ledger.migrate import upgrade
    from live.system.lock import nobody_at_work

    with nullcontext() if database.path is None else nobody_at_work(database.path.parent):
        _keep_copy(database, found)
        upgrade(database)


def stamped(path: Path) -> str | None:
    """Return the revision of a ledger file without opening it as a ledger, None where none can be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as raw:
            return str(raw.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.Error, TypeError):
        return None


def pending_migrations(path: Path, revision: str) -> tuple[str, ...]:
    """Return the migrations that a ledger of `revision` waits for, oldest first: number and what it is about.

    Raises:
        LedgerTooNew: 2, a newer version of the program wrote it.
    """
    if revision not in REVISIONS:
        raise _too_new(str(path), revision)
    versions = Path(__file__).parent / "migrations" / "versions"
    names = {file.stem[1:5]: file.stem[6:].replace("_", " ") for file in versions.glob("v[0-9]*.py")}
    return tuple(f"{one} {names.get(one, '')}" for one in REVISIONS[REVISIONS.index(revision) + 1 :])


def _too_new(where: str, found: str) -> LedgerTooNew:
    return LedgerTooNew(
        f"the ledger has revision {found}, this version knows up to {REVISIONS[-1]}",
        where=where,
        remedy="update the program",
    )


def _keep_copy(database: Database, found: str) -> None:
    """Keep the file as it is before a migration: `ledger.before_0002.db`, written whole or not at all."""
    raw = database.raw
    if database.path is None or raw is None:
        return
    following = REVISIONS[REVISIONS.index(found) + 1]
    copy_to(raw, database.path.with_name(f"{database.path.stem}.before_{following}{database.path.suffix}"))


def revision(database: Database) -> str | None:
    """Return the stamped revision, None for an empty database."""
    if not database.link.has_table("alembic_version"):
        return None
    rows = database.rows("SELECT version_num FROM alembic_version", {})
    return str(rows[0][0]) if rows else None
