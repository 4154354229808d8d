"""Closing what a run opened, in any circumstances, without hiding why the run ended."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Protocol, Self, TypeVar


class Closable(Protocol):
    """Something that is closed once."""

    def close(self) -> None:
        """Give back what it holds."""
        ...


_T = TypeVar("_T", bound=Closable)


class Opened:
    """Things to close at the end, the last one first.

    One that cannot be closed does not keep the others open. When the body ended with an error, that error is
    raised, with the failure to close as its context; otherwise the failure to close is raised.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()

    def keep(self, thing: _T) -> _T:
        """Close `thing` at the end; return it."""
        self._stack.callback(thing.close)
        return thing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        closed = False
        try:
            self._stack.__exit__(kind, error, trace)
            closed = True
        finally:
            if not closed and error is not None:
                raise error
