"""What fills the bar store: the protocol of a source, what it is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, Protocol

from backtest.core.bar_words import Basis, Timeframe
from backtest.core.bars import DateArray, FloatArray
from backtest.data.quality.actions import CorporateAction
from live.settings.model import Settings
from live.system.clock import Clock

#: whose trades the bars count: all exchanges', those of one, or nobody said
FeedClass = Literal["consolidated", "one exchange", "unknown"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source has.

    Attributes:
        timeframes: lengths of its bars.
        bases: what its prices can hold; a new symbol is stored with the first.
        feed: whose trades it counts; one source stands in for another only of the same class.
        earliest: first day it can have.
        delay: time after a session's close until its bars are final.
        per_minute: requests it takes a minute.
        has_actions: it names splits and dividends.
        names_every_split: of all its bars; its raw prices can be adjusted for them.
    """

    timeframes: tuple[Timeframe, ...]
    bases: tuple[Basis, ...]
    feed: FeedClass
    earliest: date
    delay: timedelta
    per_minute: int
    has_actions: bool = False
    names_every_split: bool = False


@dataclass(frozen=True, slots=True)
class BarRequest:
    """Bars of one symbol, both days included; `cursor` is where an earlier page ended, None at the start."""

    symbol: str
    timeframe: Timeframe
    first: date
    last: date
    basis: Basis
    cursor: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A part of an answer.

    Attributes:
        stamps: shape (n,), the starts of the bars: days (datetime64[D]) or UTC minutes (datetime64[m]).
        columns: shape (5, n), float64: open, high, low, close per share, volume in shares.
        cursor: where the next page begins, None after the last.
        gaps: sessions that the source itself says it has without prices.
    """

    stamps: DateArray
    columns: FloatArray
    cursor: str | None = None
    gaps: tuple[date, ...] = ()


class Source(Protocol):
    """An opened source. Only what it was asked for may be in an answer; nothing is made up.

    Every method raises a `VendorError` (`live.feeds.sources.errors`) and nothing else. Requests that may be
    repeated are repeated inside, within a minute or two.
    """

    @property
    def name(self) -> str:
        """Short name, kept as the provenance of the bars."""
        ...

    def page(self, request: BarRequest) -> Page:
        """Return the page at the request's cursor; a symbol without bars in these days has an empty one."""
        ...

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        """Return splits and dividends by ex-date, both days included; none from one that names no actions."""
        ...

    def close(self) -> None:
        """Give back connections and logins."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """What a source is opened with.

    Attributes:
        settings: all settings.
        root: what relative paths of the settings start from.
        environ: environment variables with the project's secrets.
        clock: source of time.
        folder: folder of a source that reads files, None when none was named.
        base_url: loopback address of an imitation, None for the vendor itself.
    """

    settings: Settings
    root: Path
    environ: Mapping[str, str]
    clock: Clock
    folder: Path | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A source as the registry knows it, before it is opened.

    `open` raises SettingsError when keys, a folder or an extra are missing, BrokerError when the vendor's
    login cannot be used.
    """

    name: str
    capabilities: Capabilities
    open: Callable[[Opening], Source]
