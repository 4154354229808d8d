"""One source after the other, until one answers: only where the one before said nothing about the bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from backtest.core.errors import DataError
from live.feeds.sources.errors import NotEntitled, RateLimited, VendorDown, VendorError
from live.feeds.sync.chosen import OWN_FOLDER, ChosenSource

T = TypeVar("T")
#: after these another source may stand in
_STANDS_IN: Final = (RateLimited, NotEntitled, VendorDown)


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """What a source gave, its name, and what those before it said."""

    value: T
    source: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nobody gave anything: the last one that was asked, its error, and what those before it said."""

    source: str
    error: VendorError
    warnings: tuple[str, ...]


def in_turn(
    able: Sequence[ChosenSource],
    ask: Callable[[ChosenSource], T],
    failed: Callable[[ChosenSource, VendorError], None],
) -> Answered[T] | NoAnswer:
    """Ask at least one source; `failed` is told of every error."""
    warnings: list[str] = []
    for chosen in able:
        try:
            return Answered(ask(chosen), chosen.name, tuple(warnings))
        except VendorError as error:
            failed(chosen, error)
            last = NoAnswer(chosen.name, error, tuple(warnings))
            if not isinstance(error, _STANDS_IN):
                break
            warnings.append(f"{chosen.name}: {error.problem}")
    return last


def able_for(chosen: Sequence[ChosenSource], basis: str) -> list[ChosenSource]:
    """Return the sources of a basis, of the class of feed of the first of them."""
    able = [one for one in chosen if basis in one.capabilities.bases]
    return [one for one in able if one.capabilities.feed == able[0].capabilities.feed]


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """Keep other syncs out of a store. DataError 5: another one is running."""
    from filelock import FileLock, Timeout

    folder = store / OWN_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "sync.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise DataError(
            "another sync is running", where=str(store), remedy="wait for it, then run again"
        ) from error
    try:
        yield
    finally:
        lock.release()
