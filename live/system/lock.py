"""One executor per account at a time: the second exits at once and says who is running."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from backtest.core.errors import LimitError
from backtest.core.files import read_regular

_PATIENCE: Final = 0.5
"""Seconds a run waits for the lock: somebody may only be asking whether it is held (`is_held`)."""


class AnotherRunError(LimitError):
    """Exit code 7: another run of this account is at work, this one stands aside."""


def lock_refused(path: Path, error: OSError) -> LimitError:
    """Return the error for a lock file that cannot be opened (exit 7)."""
    return LimitError(
        f"the lock cannot be taken: {error.strerror}",
        where=str(path),
        remedy="make the state folder writable",
    )


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
        lock.acquire(timeout=_PATIENCE, poll_interval=0.02)
    except Timeout as error:
        raise AnotherRunError(
            f"another run is at work ({_holder(owner)})",
            where=str(path),
            remedy="wait for it; both do the same work, so nothing is lost",
        ) from error
    except OSError as error:
        raise lock_refused(path, error) from error
    try:
        with suppress(OSError):  # a full disk: it only names the holder
            owner.write_text(json.dumps({"pid": os.getpid(), "run": run_id}), encoding="utf-8")
        yield
    finally:
        lock.release()


@contextmanager
def one_panic(state: Path, account: str) -> Iterator[None]:
    """Let one panic of an account work at a time: two at once would both sell the same shares.

    A lock that cannot be taken for another reason (a disk that is full or read-only) keeps no panic back.

    Raises:
        AnotherRunError: 7, another panic of the account is at work.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(state / f"panic-{account}.lock")
    with ExitStack() as held:
        try:
            held.enter_context(lock.acquire(timeout=0))
        except Timeout as error:
            raise AnotherRunError(
                "another panic of this account is at work: it sells the same shares",
                where=lock.lock_file,
                remedy="let it end, look at the broker's own screen; when it hangs, end that process first",
            ) from error
        except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
            logging.getLogger("jutsu").warning("the lock of panic cannot be taken: %s", error)
        yield


def is_held(state: Path, account: str) -> bool:
    """Return whether a run of the account is at work now; takes the lock for an instant to find out."""
    from filelock import FileLock, Timeout

    path = state / f"executor-{account}.lock"
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


@contextmanager
def nobody_at_work(state: Path) -> Iterator[None]:
    """Hold the locks of every account that ever ran here, so that no executor begins meanwhile.

    Raises:
        AnotherRunError: 7, a run is at work. LimitError: 7, a lock cannot be taken.
    """
    with ExitStack() as held:
        for account in _accounts(state):
            held.enter_context(single_instance(state, account, run_id="upgrade"))
        yield


def holder_of_any(state: Path) -> str:
    """Return who holds the lock of an account here, an empty text when nobody does."""
    for account in _accounts(state):
        if is_held(state, account):
            return _holder(state / f"executor-{account}.owner.json")
    return ""


def _accounts(state: Path) -> list[str]:
    return sorted(path.stem.removeprefix("executor-") for path in state.glob("executor-*.lock"))


def _holder(owner: Path) -> str:
    try:
        return read_regular(owner).decode(errors="replace")
    except OSError:
        return "unknown"
