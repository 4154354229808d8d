"""Which sources there are: ours, and plug-ins of the entry point group `jutsu.sources`.

A plug-in is an installed package whose entry point names a `SourceKind`. One that cannot be loaded is told
when it is asked for, and stops nothing else.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from backtest.core.errors import SettingsError, UsageError
from live.feeds.sources.model import SourceKind

GROUP: Final = "jutsu.sources"
#: name -> module whose `KIND` it is
OWN: Final[Mapping[str, str]] = {
    "alpaca": "live.feeds.sources.alpaca",
    "alphavantage": "live.feeds.sources.alphavantage",
    "csv": "live.feeds.sources.csv",
    "massive": "live.feeds.sources.massive",
    "schwab": "live.feeds.sources.schwab",
}
#: what somebody else's module may raise while it is loaded
_BROKEN: Final = (
    *(ImportError, AttributeError, SyntaxError, NameError, TypeError, ValueError),
    *(LookupError, RuntimeError, OSError, AssertionError, ArithmeticError),
)


def source_names() -> tuple[str, ...]:
    """Return the names of all sources, ours and plug-ins, sorted; nothing is loaded."""
    return tuple(sorted({*OWN, *_plug_ins()}))


def source_kind(name: str) -> SourceKind:
    """Return the source called `name`; a plug-in never takes the place of one of ours.

    Raises:
        UsageError: there is none. SettingsError: a plug-in that cannot be loaded, or is none.
    """
    if name in OWN:
        found: SourceKind = importlib.import_module(OWN[name]).KIND
        return found
    plug_in = _plug_ins().get(name)
    if plug_in is None:
        raise UsageError(
            f"there is no source {name!r}", where="source", remedy=f"known are {', '.join(source_names())}"
        )
    return _loaded(plug_in)


def _plug_ins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _loaded(plug_in: EntryPoint) -> SourceKind:
    try:
        kind = plug_in.load()
    except _BROKEN as error:
        raise SettingsError(
            f"the plug-in cannot be loaded: {type(error).__name__} {error}",
            where=f"source {plug_in.name}",
            remedy=f"reinstall or remove the package that has {plug_in.value}",
        ) from error
    if not isinstance(kind, SourceKind) or kind.name != plug_in.name:
        raise SettingsError(
            f"{plug_in.value} is no source of that name", where=f"source {plug_in.name}", remedy="update it"
        )
    return kind
