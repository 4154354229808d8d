"""Files a person named: read only when they are regular and small enough, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

SMALL: Final = 1_000_000
"""Bytes of the largest settings, strategy, manifest or signal file."""
LARGE: Final = 64_000_000
"""Bytes of the largest report, candidate list or list of confirmed prices."""


def read_regular(path: Path, most: int = SMALL) -> bytes:
    """Return the bytes of a regular file of at most `most` bytes.

    Every file whose path comes from outside is read here: a pipe would wait for ever for its writer, a device
    has no end, a file a thousand times too large fills the memory before anybody can judge it.

    Raises:
        FileNotFoundError: there is none. OSError: it is a pipe, device, socket or folder, larger than `most`,
            or cannot be read; `strerror` says which, for people.
    """
    # Without O_NONBLOCK the open itself would wait for a writer of a pipe.
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket cannot be opened at all
            require_regular(path)
        raise
    try:
        if not stat.S_ISREG(mode := os.fstat(handle).st_mode):
            raise _irregular(mode, path)
        with os.fdopen(handle, "rb", closefd=False) as stream:
            content = stream.read(most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most:,} bytes", str(path))
    return content


def require_regular(path: Path) -> None:
    """Refuse what is no regular file before a library opens it by its name; a missing one passes.

    Raises:
        OSError: as `read_regular`.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise _irregular(mode, path)


_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def _irregular(mode: int, path: Path) -> OSError:
    kind = next((name for holds, name in _KINDS if holds(mode)), "a device")
    return OSError(errno.EINVAL, f"not a regular file but {kind}", str(path))


def why(error: Exception) -> str:
    """Return what is wrong in words: of an OSError without its number and path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def write_atomic(path: Path, content: bytes, mode: int = 0o644, *, durable: bool = True) -> None:
    """Write `content` to `path` durably and in one step; missing folders are made.

    A temporary file in the same folder is written, flushed to the disk and renamed over the target; then the
    folder itself is flushed. An OSError leaves the old file untouched and removes the temporary one.

    Args:
        path: target; replaced when it exists.
        content: all bytes of the file.
        mode: permission bits of the new file (0o600 for secrets); the umask of the process takes bits away.
        durable: False: one step still, but a power cut may lose the file (replays, which can run again).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode & ~_umask())
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Append a line of a log, on the disk when this returns; one a kill has torn keeps a line of its own.

    Args:
        path: the log; made when it does not exist.
        line: without a line end inside or behind it.

    Raises:
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        torn = file.seek(0, os.SEEK_END) > 0 and os.pread(handle, 1, file.tell() - 1) != b"\n"
        file.write((b"\n" if torn else b"") + line + b"\n")
        os.fsync(handle)


def _umask() -> int:
    """Return the umask of this process; the system only tells it while it is being set."""
    known = os.umask(0o077)
    os.umask(known)
    return known


@contextlib.contextmanager
def private_files() -> Iterator[Callable[[], None]]:
    """Make every file 0600 and every folder 0700 from here on; calling what is yielded ends that early."""
    before = os.umask(0o077)
    try:
        yield lambda: _restore(before)
    finally:
        os.umask(before)


def _restore(umask: int) -> None:
    os.umask(umask)


def make_private(*paths: Path) -> None:
    """Take the rights of others from files that exist (0600); the rest stays as it is."""
    for path in paths:
        with contextlib.suppress(OSError):
            mode = path.stat().st_mode
            if stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
                path.chmod(stat.S_IMODE(mode) & stat.S_IRWXU)


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
