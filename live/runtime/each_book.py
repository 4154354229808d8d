"""Several books on one account: each has its turn, and one that fails does not keep the others waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from backtest.core.errors import AuthenticationFailed, JutsuError, KillSwitchOn, UnresolvedError
from live.system.screen import complain

#: these concern the whole account: no further book has its turn
ENDS_ALL: Final = (KillSwitchOn, AuthenticationFailed, UnresolvedError)

Turn = Callable[[], AbstractContextManager[None]]


@contextmanager
def each_book() -> Iterator[Turn]:
    """Let books fail one by one: the exits of one must not wait for the file of another.

    Gives a context manager for one book's work. The first error is raised when every book had its turn, the
    others are shown. What concerns the whole account (kill switch, login, an order of unknown fate) ends all.
    """
    failed: list[JutsuError] = []

    @contextmanager
    def turn() -> Iterator[None]:
        try:
            yield
        except ENDS_ALL:
            raise
        except JutsuError as error:
            failed.append(error)

    yield turn
    if failed:
        for error in failed[1:]:
            complain(f"also: {error.line()}")
        raise failed[0]
