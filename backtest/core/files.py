"""Whole files or none: a reader sees either the old content or the new one, also after a power cut."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


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


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
