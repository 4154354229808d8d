"""Making an archive: the ledger first, then the paper account, each a consistent copy while anything may run.

The ledger comes first: what the broker did after it is what `jutsu recover` can ask for; an order that only
the ledger knew would look lost.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backtest import __version__
from backtest.core.errors import UsageError
from backtest.core.files import LARGE, read_regular, sync_folder, why
from live.archive.contents import (
    JOBS,
    PAPER,
    Source,
    documents_of,
    jobs_beside,
    ledger_of,
    orb_paper_beside,
)
from live.archive.document import NAME, Described, Document
from live.ledger.backup import copy_to
from live.ledger.errors import LedgerUnavailable
from live.ledger.opening import check_file
from live.runtime.account import account_key, orb_paper_file
from live.runtime.factories import paper_path

if TYPE_CHECKING:
    from live.settings.load import LoadedSettings


def make(loaded: LoadedSettings, folder: Path, now: datetime) -> Path:
    """Write `jutsu-<UTC time>.tar.gz` into a folder, readable by its owner only; return its path.

    Raises:
        UsageError: there is no ledger yet, or the folder cannot be used. LedgerUnavailable, LedgerDamaged: 8.
    """
    source = ledger_of(loaded)
    if not source.path.exists():
        raise UsageError(
            "there is no ledger yet",
            where=str(source.path),
            remedy="run `python -m live.signal_generator` once",
        )
    check_file(source.path)
    account = f"_{loaded.settings.account}" if loaded.settings.account else ""
    target = folder / f"jutsu-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{account}.tar.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".jutsu-backup.", dir=folder) as work:
            copies = _copies(source, Path(work))
            finished = Path(work) / "archive"
            _write(finished, loaded, copies, now)
            finished.replace(target)
        sync_folder(folder)
    except OSError as error:
        raise LedgerUnavailable(
            f"the backup failed: {why(error)}", where=str(folder), remedy="check space and permissions"
        ) from error
    return target


def _copies(ledger: Source, work: Path) -> tuple[Source, ...]:
    """Return consistent copies of the ledger, and of the paper account and the jobs beside it."""
    found = [Source(ledger.name, _copied(ledger.path, work / "ledger.db"))]
    paper = paper_path(ledger.path)
    if paper.is_file():
        folder = ledger.name.rpartition("/")[0]
        name = f"{folder}/{paper.name}" if folder else PAPER
        found.append(Source(name, _copied(paper, work / "paper.db")))
    breakouts = orb_paper_file(ledger.path)
    if breakouts.is_file():
        found.append(Source(orb_paper_beside(ledger.name), _copied(breakouts, work / "orb.db")))
    jobs = ledger.path.with_name(JOBS)
    if jobs.is_file():
        found.append(Source(jobs_beside(ledger.name), _copied(jobs, work / JOBS)))
    return tuple(found)


def _copied(path: Path, target: Path) -> Path:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as raw:
        copy_to(raw, target)
    return target


def _write(target: Path, loaded: LoadedSettings, copies: Sequence[Source], now: datetime) -> None:
    documents = {source.name: read_regular(source.path, LARGE) for source in documents_of(loaded)}
    names = [source.name for source in copies]
    beside = {jobs_beside(names[0]), orb_paper_beside(names[0])}
    document = Document(
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        version=__version__,
        account=account_key(loaded.settings),
        name=loaded.settings.account,
        ledger=names[0],
        paper=next((name for name in names[1:] if name not in beside), None),
        files={
            **{source.name: _described(source.path) for source in copies},
            **{
                name: Described(len(content), hashlib.sha256(content).hexdigest())
                for name, content in documents.items()
            },
        },
    )
    with target.open("xb") as raw:
        os.fchmod(raw.fileno(), 0o600)
        with (
            gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT, encoding="utf-8") as tar,
        ):
            _add(tar, NAME, document.written())
            for source in copies:
                with source.path.open("rb") as stream:
                    tar.addfile(_entry(source.name, source.path.stat().st_size), stream)
            for name, content in documents.items():
                _add(tar, name, content)
        raw.flush()
        os.fsync(raw.fileno())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _described(path: Path) -> Described:
    with path.open("rb") as stream:
        return Described(path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())
