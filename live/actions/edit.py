"""Replace the bytes of a signal file that a person looked at; an approval is a separate answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backtest.core.errors import SignalFileError
from backtest.core.files import write_atomic
from live.actions.answers import require_digest, require_same
from live.handoff.canonical import bytes_sha256
from live.handoff.read import read_bytes

LOCK: Final = ".edit.lock"
"""Lock file beside the signal files: two replacements never overlap."""
LOCK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Edited:
    """A file that was replaced: the digest of its new bytes, and whether they differ from the old ones."""

    file: Path
    sha256: str
    changed: bool


def replace(path: Path, content: bytes, *, sha256: str) -> Edited:
    """Replace a signal file in one step, provided it still is what the person started from.

    The new bytes are not judged: a review shows what is wrong with them and an approval refuses them.

    Args:
        path: the signal file.
        content: its new bytes.
        sha256: digest of the bytes the person started from.

    Raises:
        FileChangedError, SignalFileError: exit 2; other bytes than shown, or the file cannot be read or
            written. The file is as it was.
    """
    from filelock import FileLock, Timeout

    require_digest(sha256)
    new = bytes_sha256(content)
    try:
        with FileLock(path.parent / LOCK, timeout=LOCK_SECONDS):
            require_same(path, bytes_sha256(read_bytes(path)), sha256)
            if new != sha256:
                write_atomic(path, content)
    except Timeout as error:
        raise SignalFileError(
            "another program is replacing a file here", where=str(path), remedy="try again"
        ) from error
    except OSError as error:
        raise SignalFileError(
            f"cannot be written: {error.strerror}", where=str(path), remedy="check folder and disk"
        ) from error
    return Edited(path, new, new != sha256)
