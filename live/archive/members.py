"""A strict reader of the tar files we write: regular files only, sizes known before a byte is believed.

A general tar reader follows links, makes devices and believes headers of any length. Ours knows one kind of
entry (POSIX ustar, type 0) and refuses everything else; an archive of another program is none of ours.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from backtest.core.errors import UsageError
from backtest.core.files import require_regular
from live.ledger.errors import LedgerError
from live.ledger.opening import check_file

BLOCK: Final = 512
#: more files than any project of ours has
MOST_MEMBERS: Final = 200_000
_CHUNK: Final = 1 << 20
_PART: Final = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*")


class ArchiveRefused(UsageError):  # noqa: N818 - named for what a person reads
    """The file is no archive of ours, or is damaged; nothing of it was used."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its relative name with `/`, and its length in bytes."""

    name: str
    size: int


class Reader:
    """Reads members in their order; `where` names the archive in messages."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        self._stream = stream
        self._where = where
        self._padding = 0

    def refused(self, problem: str) -> ArchiveRefused:
        """Return the error for a problem of this archive."""
        return ArchiveRefused(
            problem,
            where=self._where,
            remedy="nothing was restored; name a file that `jutsu backup --to` made",
        )

    def members(self) -> Iterator[Member]:
        """Yield each member; its content has to be read with `content` before the next. ArchiveRefused: 2."""
        for _ in range(MOST_MEMBERS):
            self._exactly(self._padding)
            header = self._exactly(BLOCK)
            if not header.strip(b"\0"):
                return
            member = self._member(header)
            self._padding = -member.size % BLOCK
            yield member
        raise self.refused(f"more than {MOST_MEMBERS:,} files")

    def content(self, member: Member) -> Iterator[bytes]:
        """Yield the bytes of a member in parts. ArchiveRefused: 2, it is cut off."""
        left = member.size
        while left:
            part = self._exactly(min(left, _CHUNK))
            left -= len(part)
            yield part

    def _member(self, header: bytes) -> Member:
        try:
            found = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise self.refused(f"not an archive of ours ({error})") from error
        if found.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            raise self.refused(f"it holds {found.name!r}, which is not a regular file")
        if not plain_name(found.name):
            raise self.refused(f"it holds {found.name!r}, which is not a plain relative name")
        if found.size < 0:
            raise self.refused(f"the length of {found.name} makes no sense")
        return Member(found.name, found.size)

    def _exactly(self, count: int) -> bytes:
        try:
            found = self._stream.read(count)
        except (OSError, EOFError, zlib.error) as error:
            raise self.refused("it is damaged or cut off") from error
        if len(found) != count:
            raise self.refused("it is cut off")
        return found


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open an archive. ArchiveRefused: 2, it cannot be read, or is a copy of a ledger alone."""
    try:
        require_regular(path)
        stream = gzip.open(path)  # noqa: SIM115 - closed below; the errors of opening are ours
    except OSError as error:
        raise ArchiveRefused(
            f"cannot be read: {error.strerror or error}", where=str(path), remedy="check the name"
        ) from error
    with stream:
        _refuse_copy_of_ledger(path)
        yield Reader(cast("IO[bytes]", stream), str(path))


def _refuse_copy_of_ledger(path: Path) -> None:
    """Tell the copy that `jutsu backup` makes from an archive. ArchiveRefused: 2, it is an intact one."""
    try:
        check_file(path)
    except LedgerError:
        return
    raise ArchiveRefused(
        "this is an intact copy of a ledger alone, not an archive of a project",
        where=str(path),
        remedy="nothing was restored; `jutsu recover` puts the newest such copy in state/backups in place "
        "of a ledger that is damaged, gone or new; restore takes what `jutsu backup --to` made",
    )


def plain_name(name: str) -> bool:
    """Whether a name is relative, leads nowhere but down, and no part of it is hidden."""
    return all(_PART.fullmatch(part) for part in name.split("/"))
