"""One executor per account at a time: the second exits at once and says who is running."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backtest.core.errors import LimitError
from backtest.core.files import read_regular


class AnotherRunError(LimitError):
    """Exit code 7: another run of this account is at work, this one stands aside."""


@contextmanager
def single_instance(state: Path, account: str, *, run_id: str) -> Iterator[None]:
    """Hold the account's lock for the whole run.

    The operating system gives the lock back when the process dies, however it dies; the file beside it only
    names the holder and is never trusted for anything else.

    Raises:
        AnotherRunError: 7, another run holds it. LimitError: 7, it cannot be taken.
    """
    from filelock import FileLock, Timeout

    path = state / f"executor-{account}.lock"
    owner = path.with_suffix(".owner.json")
    lock = FileLock(path)
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise AnotherRunError(
            f"another run is at work ({_holder(owner)})",
            where=str(path),
            remedy="wait for it; both do the same work, so nothing is lost",
        ) from error
    except OSError as error:
        raise LimitError(
            f"the lock cannot be taken: {error.strerror}",
            where=str(path),
            remedy="make the state folder writable",
        ) from error
    try:
        with suppress(OSError):  # a full disk: it only names the holder
            owner.write_text(json.dumps({"pid": os.getpid(), "run": run_id}), encoding="utf-8")
        yield
    finally:
        lock.release()


def _holder(owner: Path) -> str:
    try:
        return read_regular(owner).decode(errors="replace")
    except OSError:
        return "unknown"
