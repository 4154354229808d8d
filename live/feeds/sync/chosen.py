"""The sources of a sync in the order they are asked, each opened when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from backtest.core.bar_words import Basis, Timeframe
from backtest.core.errors import BrokerError, SettingsError, UsageError
from live.feeds.sources.errors import NotEntitled, VendorError
from live.feeds.sources.limits import TokenBucket
from live.feeds.sources.model import BarRequest, Capabilities, Opening, Source, SourceKind
from live.feeds.sources.registry import source_kind, source_names
from live.feeds.sync.fetch import Fetcher
from live.settings.model import SourceSettings

#: folder of what a sync keeps for itself, in the bar store
OWN_FOLDER: Final = ".sync"


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """A source that may be asked and what it is opened with; `capabilities` as the settings restrict them."""

    kind: SourceKind
    capabilities: Capabilities
    opening: Opening

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.kind.name


def choose(
    configured: Sequence[SourceSettings],
    opening: Opening,
    timeframe: Timeframe,
    *,
    only: str | None = None,
    folder: Path | None = None,
) -> tuple[ChosenSource, ...]:
    """Return the sources of a timeframe in their order, at least one.

    Args:
        configured: `data.sources` of the settings.
        opening: what they are opened with; a relative folder of the settings starts from its root.
        timeframe: length of the bars.
        only: name of the one source that is asked; it need not be configured.
        folder: folder of files instead of the configured one.

    Raises:
        UsageError: none is configured or named, or there is none of that name. SettingsError: a plug-in that
            cannot be loaded, or a basis that the source does not have.
    """
    wanted = [one for one in configured if only is None or one.name == only]
    if only is not None and not wanted:
        wanted = [SourceSettings(name=only, timeframes=(timeframe,))]
    found = [_chosen(one, opening, folder) for one in wanted if timeframe in one.timeframes]
    able = [one for one in found if timeframe in one.capabilities.timeframes]
    if not able:
        problem = (
            f"no source of {timeframe} bars is chosen" if only is None else f"{only} has none of {timeframe}"
        )
        raise UsageError(
            problem,
            where="data.sources",
            remedy=f"name one: --source {' | '.join(source_names())}, or list it in the settings",
        )
    return tuple(able)


def _chosen(one: SourceSettings, opening: Opening, folder: Path | None) -> ChosenSource:
    kind = source_kind(one.name)
    place = folder if folder is not None or one.folder is None else opening.root / one.folder
    capabilities = _restricted(kind, one.basis)
    if one.per_minute is not None:
        capabilities = replace(capabilities, per_minute=one.per_minute)
    return ChosenSource(kind, capabilities, replace(opening, folder=place, base_url=one.base_url))


def _restricted(kind: SourceKind, basis: Basis | None) -> Capabilities:
    """Return the capabilities with the one basis that was chosen. SettingsError: the source has it not."""
    if basis is None:
        return kind.capabilities
    if basis not in kind.capabilities.bases:
        raise SettingsError(
            f"{kind.name} has no prices of basis {basis}",
            where="data.sources",
            remedy=f"it has {', '.join(kind.capabilities.bases)}",
        )
    return replace(kind.capabilities, bases=(basis,))


class Fetchers:
    """Opened sources of one sync: each is opened at most once and closed at the end."""

    def __init__(self, store: Path) -> None:
        self._folder = store / OWN_FOLDER
        self._open: dict[str, Fetcher] = {}
        self._failed: dict[str, VendorError] = {}

    def of(self, chosen: ChosenSource) -> Fetcher:
        """Return what asks this source.

        Raises:
            SettingsError: keys, a folder or an extra are missing. VendorError: its login cannot be used.
        """
        name = chosen.name
        if name in self._failed:
            raise self._failed[name]
        if name not in self._open:
            bucket = TokenBucket(
                self._folder / f"{name}.bucket", chosen.capabilities.per_minute, chosen.opening.clock
            )
            self._open[name] = Fetcher(self._opened(chosen), bucket, self._folder)
        return self._open[name]

    def _opened(self, chosen: ChosenSource) -> Source:
        try:
            return chosen.kind.open(chosen.opening)
        except BrokerError as error:
            failed = NotEntitled(error.problem, where=error.where, remedy=error.remedy)
            self._failed[chosen.name] = failed
            raise failed from error

    def forget(self, name: str, requests: Sequence[BarRequest]) -> None:
        """Throw the kept pages of an answer away."""
        self._open[name].forget(requests)

    def close(self) -> None:
        """Close every source that was opened."""
        for fetcher in self._open.values():
            fetcher.source.close()
