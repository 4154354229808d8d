"""Is this ledger the newest one? A number in the ledger and in a file beside it tells a restored ledger.

Before the first order of a run leaves, the number is raised in the ledger, in the commit that writes down the
order, then in `<ledger>.generation`. A kill between the two leaves the ledger ahead, which is fine. A file
ahead of its ledger says that orders were sent which this ledger does not know: it is an older copy, or a new
one in the place of one that is gone.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from backtest.core.errors import UnresolvedError
from backtest.core.files import read_regular, write_atomic
from live.ledger.database import Database
from live.ledger.errors import LedgerUnavailable
from live.ledger.system_state import EVERY_ACCOUNT, State
from live.ledger.unused import unused

_KEY: Final = "generation"

#: what a person does when this ledger is an older copy; where it is a new one
RESTORED: Final = (
    "`jutsu reconcile` (where both sides differ, `jutsu recover` takes back what the broker knows), then "
    "`jutsu resume`"
)
BEGUN_ANEW: Final = (
    "`jutsu recover` puts the newest backup back and takes from the broker what it lacks, then "
    "`jutsu reconcile`, then `jutsu resume`"
)


class Generation:
    """The number of one ledger; a ledger in memory, or of a replay, has none.

    Args:
        database: the open ledger.
        counts: False for runs that can be repeated and send nothing anywhere.
    """

    def __init__(self, database: Database, *, counts: bool = True) -> None:
        self._database = database
        self._state = State(database, EVERY_ACCOUNT)
        self._file = None if database.path is None or not counts else generation_file(database.path)
        self._raised: int | None = None
        self._written = False

    def number(self) -> int:
        """Return the number in the ledger, 0 before the first order."""
        return int(self._state.get(_KEY) or 0)

    def restored(self) -> bool:
        """Whether orders were sent that this ledger may not know."""
        return self._file is not None and _read(self._file) > self.number()

    def way_back(self) -> str:
        """Return what a person does about a ledger that is not the newest, in words."""
        return BEGUN_ANEW if unused(self._database) else RESTORED

    def raise_once(self, *, at: datetime) -> None:
        """Count this run in the ledger, in the commit of its first order; `write_once` follows it."""
        if self._file is None or self._written:
            return
        self._raised = self.number() + 1
        self._state.set(_KEY, str(self._raised), at=at)

    def write_once(self) -> None:
        """Count this run in the file, once, before its first order leaves.

        Raises:
            LedgerUnavailable: the file cannot be written: nothing may be sent.
        """
        if self._raised is None or self._written:
            return
        self._write(self._raised)
        self._written = True

    def settle(self, *, at: datetime) -> bool:
        """Take the ledger for the newest from now on (a person compared it); return whether it was not."""
        if self._file is None or not self.restored():
            return False
        number = _read(self._file)
        if number == _UNREADABLE:
            number = self.number() + 1
        self._state.set(_KEY, str(number), at=at)
        self._write(number)
        return True

    def require_newest(self, where: str) -> None:
        """Stop a run on a restored ledger before anything is sent.

        Raises:
            UnresolvedError: it goes through `jutsu reconcile` first (exit code 8).
        """
        if not self.restored():
            return
        raise UnresolvedError(
            "orders were sent that this ledger does not know: it was restored, or it is a new one in the "
            "place of the old",
            where=where,
            remedy=f"{self.way_back()}, then run again",
        )

    def _write(self, number: int) -> None:
        assert self._file is not None
        try:
            write_atomic(self._file, f"{number}\n".encode(), 0o600)
        except OSError as error:
            raise LedgerUnavailable(
                f"the generation of the ledger cannot be written: {error.strerror}",
                where=str(self._file),
                remedy="make it and its folder writable for this user, then run the same command again",
            ) from error


def generation_file(ledger: Path) -> Path:
    """Return the file that carries the generation of a ledger."""
    return ledger.with_name(f"{ledger.name}.generation")


#: what a file that says nothing counts as: more than any ledger
_UNREADABLE: Final = 2**62


def _read(path: Path) -> int:
    try:
        return int(read_regular(path))
    except FileNotFoundError:
        return 0
    except (OSError, ValueError):
        return _UNREADABLE
