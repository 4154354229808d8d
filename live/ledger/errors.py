"""What can be wrong with the ledger itself. Exit code 8: without a ledger nobody may send an order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from backtest.core.errors import JutsuError, UsageError

RECOVER: Final = "run `jutsu recover` (docs/recovery.md#damaged-ledger); the file is left as it is"


class LedgerError(JutsuError):
    """The ledger cannot be used; a person must look."""

    exit_code = 8


class LedgerDamaged(LedgerError):  # noqa: N818 - named for what a person reads
    """The file is not an intact ledger. It is never overwritten."""


class LedgerUnavailable(LedgerError):  # noqa: N818
    """Locked, read-only, disk full: the ledger may be fine, but it cannot be written now."""


class LedgerMissing(UsageError):  # noqa: N818
    """A reading command found no ledger."""


class LedgerTooNew(UsageError):  # noqa: N818
    """A newer version of the program wrote the ledger."""


class NotALedger(UsageError):  # noqa: N818
    """A file of something else was named where a ledger is expected; it is left alone."""


_EXPLANATIONS: Final[tuple[tuple[str, type[LedgerError], str, str], ...]] = (
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
    ("not a database", LedgerDamaged, "this file is not a ledger",
     f"check the name (--state-db, paths.state_db); if it was one: {RECOVER}"),
)  # fmt: skip


#: what SQLite says of a ledger that it cannot write beside
_UNWRITABLE: Final = ("readonly", "unable to open", "disk I/O error")


def on_read_only_file_system(path: Path) -> bool:
    """Whether a path, or the nearest folder above it that exists, is on a file system mounted read-only."""
    found = next((one for one in (path, *path.parents) if one.exists()), None)
    try:
        return found is not None and bool(os.statvfs(found).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def explain(where: str, error: BaseException) -> LedgerError:
    """Return the error a person should see for a driver's error."""
    text = str(error)
    if any(fragment in text for fragment in _UNWRITABLE) and on_read_only_file_system(Path(where)):
        problem = "the ledger is on a read-only file system and cannot be opened"
        remedy = "mount it writable (a failing disk turns read-only), then run the same command again"
        return LedgerUnavailable(problem, where=where, remedy=remedy)
    for fragment, kind, problem, remedy in _EXPLANATIONS:
        if fragment in text:
            return kind(problem, where=where, remedy=remedy)
    return LedgerError(f"the database says: {text}", where=where, remedy="run `jutsu doctor`")
