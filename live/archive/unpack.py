"""Unpacking an archive into an empty folder: every name, length and checksum is held against its list."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from backtest.core.errors import UsageError
from backtest.core.files import why
from live.archive.contents import is_document, jobs_beside, orb_paper_beside
from live.archive.document import LARGEST, NAME, Described, Document, read_document
from live.archive.members import Member, Reader, reading

#: bytes of the disk that stay free
RESERVE: Final = 100_000_000


def unpack(archive: Path, folder: Path) -> Document:
    """Unpack an archive into `folder`, which must be empty; return what it holds.

    Raises:
        ArchiveRefused: 2, it is none of ours, damaged, or holds what its list does not say.
        UsageError: 2, there is no space for it, or the folder cannot be written.
    """
    with reading(archive) as reader:
        members = reader.members()
        document = _document(reader, members)
        _require_space(document, folder)
        left = dict(document.files)
        for member in members:
            described = left.pop(member.name, None)
            beside = {jobs_beside(document.ledger), orb_paper_beside(document.ledger)}
            databases = {document.ledger, document.paper} | beside
            if member.name not in databases and not is_document(member.name):
                raise reader.refused(f"it holds {member.name}, which no archive of ours does")
            if described is None or described.size != member.size:
                raise reader.refused(f"{member.name} is not what its list says")
            _keep(reader, member, described, folder / member.name)
        if left:
            raise reader.refused(f"{next(iter(left))} is missing")
    return document


def listed(archive: Path) -> Document:
    """Return what an archive says it holds. ArchiveRefused: 2, it is none of ours."""
    with reading(archive) as reader:
        return _document(reader, reader.members())


def _document(reader: Reader, members: Iterable[Member]) -> Document:
    first = next(iter(members), None)
    if first is None or first.name != NAME or first.size > LARGEST:
        raise reader.refused("not an archive of ours: it does not begin with its list")
    try:
        return read_document(b"".join(reader.content(first)))
    except (ValueError, RecursionError) as error:
        raise reader.refused(f"its list cannot be read: {error}") from error


def _require_space(document: Document, folder: Path) -> None:
    wanted = sum(row.size for row in document.files.values())
    free = shutil.disk_usage(folder).free
    if wanted > free - RESERVE:
        raise UsageError(
            f"it needs {wanted / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free",
            where=str(folder),
            remedy="free some space; nothing was restored",
        )


def _keep(reader: Reader, member: Member, described: Described, target: Path) -> None:
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            for part in reader.content(member):
                digest.update(part)
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise UsageError(
            f"cannot be written: {why(error)}", where=str(target), remedy="nothing was restored"
        ) from error
    if digest.hexdigest() != described.sha256:
        raise reader.refused(f"the checksum of {member.name} is wrong")
