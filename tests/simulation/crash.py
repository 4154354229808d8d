"""The machine our program runs on: its disk, and the point at which the process dies.

Every write of a database, every file that is made, flushed or renamed and every call of the broker is one
step. A process can die at any of them, and the disk can be full from any of them on. A dead process writes
nothing more: the code that Python still runs while the exception passes (`finally`, `except BaseException`)
meets the same exception at its next step. It is a dead process, not a power cut: what was committed stays.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

_WRITES: Final = ("INSERT", "UPDATE", "DELETE", "REPLAC", "CREATE")


class ProcessDied(BaseException):
    """The process is gone; nothing catches it."""


@dataclass
class Machine:
    """Counts steps; knows at which one the process dies and between which ones the disk is full.

    Attributes:
        dies_at: number of the step at which the process dies, None: it lives.
        full: first and last number of the writing steps that find the disk full.
        dead: set when it died; every further step dies too.
        died_in: name of the step it died at.
        refused: how many writes met a full disk.
    """

    dies_at: int | None = None
    full: range = field(default_factory=lambda: range(0))
    steps: int = 0
    dead: bool = False
    died_in: str = ""
    refused: int = 0

    def step(self, name: str) -> None:
        """One step; raises ProcessDied when it is the last one."""
        self.steps += 1
        if self.dead:
            raise ProcessDied(self.died_in)
        if self.steps == self.dies_at:
            self.dead, self.died_in = True, name
            raise ProcessDied(name)

    def write(self, name: str) -> bool:
        """One step that writes; False when the disk is full."""
        self.step(name)
        if self.steps in self.full:
            self.refused += 1
            return False
        return True

    def alive(self) -> None:
        """Raise when the process is dead already."""
        if self.dead:
            raise ProcessDied(self.died_in)


_NOW: Machine | None = None


@contextmanager
def running(machine: Machine) -> Iterator[None]:
    """Everything inside happens in a process on this machine."""
    global _NOW  # noqa: PLW0603 - one process at a time, and sqlite3 makes the connections
    _NOW = machine
    try:
        yield
    finally:
        _NOW = None


class Connection(sqlite3.Connection):
    """SQLite's connection with a step before every write and around every commit."""

    label = ""

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Run one statement."""
        if _NOW is None:
            return super().execute(sql, parameters)
        word = sql.lstrip()[:6].upper()
        if word == "COMMIT":
            if not _NOW.write(f"before {self.label} commit"):
                raise sqlite3.OperationalError("database or disk is full")
            done = super().execute(sql, parameters)
            _NOW.step(f"after {self.label} commit")
            return done
        if word == "ROLLBA":
            return super().execute(sql, parameters)
        if word in _WRITES:
            if not _NOW.write(f"{self.label} {word.lower()}"):
                raise sqlite3.OperationalError("database or disk is full")
        else:
            _NOW.alive()
        if sql == "PRAGMA synchronous = FULL":
            sql = "PRAGMA synchronous = OFF"  # the simulated disk loses nothing that was written
        return super().execute(sql, parameters)


_CONNECT = sqlite3.connect


def _connect(target: Any, *args: Any, **more: Any) -> sqlite3.Connection:
    if _NOW is None:
        plain: sqlite3.Connection = _CONNECT(target, *args, **more)
        return plain
    _NOW.alive()
    made = _CONNECT(target, *args, factory=Connection, **more)
    name = Path(str(target)).name
    made.label = "account" if ".paper.db" in name else "backup" if name.startswith(".") else "ledger"
    return made


def _writing(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        if _NOW is None:
            return original(*args, **more)
        if not _NOW.write(name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(*args, **more)

    return call


def _sync(handle: int) -> None:
    del handle
    if _NOW is not None and not _NOW.write("fsync"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _unlink(path: Any, *args: Any, **more: Any) -> None:
    if _NOW is not None and not str(path).endswith(".lock"):
        _NOW.alive()
    _UNLINK(path, *args, **more)


_UNLINK = os.unlink


@contextmanager
def simulated_disk() -> Iterator[None]:
    """Put the steps into the standard library's doors to the disk."""
    with (
        mock.patch.object(sqlite3, "connect", _connect),
        mock.patch.object(os, "fsync", _sync),
        mock.patch.object(os, "unlink", _unlink),
        mock.patch.object(os, "replace", _writing("rename", os.replace)),
        mock.patch.object(os, "link", _writing("link", os.link)),
        mock.patch.object(tempfile, "mkstemp", _writing("new file", tempfile.mkstemp)),
        mock.patch.object(Path, "write_text", _writing("write text", Path.write_text)),
    ):
        yield
