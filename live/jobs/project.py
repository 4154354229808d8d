"""The project that jobs belong to: its settings, clock, and the folders of jobs.

A job asks no broker and no vendor: it reads the bars that are stored (`data.store`), or the demo market.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.calendar import sessions as calendar
from backtest.core.errors import DataError

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from live.model.feed import Quote
    from live.settings.load import LoadedSettings
    from live.system.clock import Clock
    from live.views.settings import SettingsSource

OUTPUT: Final = Path("out/jobs")


@dataclass(frozen=True, slots=True)
class JobsProject:
    """Where jobs come from and where their results go.

    Attributes:
        source: where the settings are.
        clock: source of time.
        root: the project folder. state: folder of the ledger and of `jobs.db`.
    """

    source: SettingsSource
    clock: Clock
    root: Path
    state: Path

    @classmethod
    def of(cls, source: SettingsSource, clock: Clock) -> JobsProject:
        """Return the project of these settings. SettingsError 2: they are wrong."""
        loaded = source.load(clock.now(), overrides=False)
        state_db = loaded.path(loaded.settings.paths.state_db)
        return cls(source, clock, loaded.root, state_db.parent)

    def folder(self, ident: str) -> Path:
        """Return the folder of a job's results and log."""
        return self.root / OUTPUT / ident


def stored_symbols(loaded: LoadedSettings) -> tuple[str, ...]:
    """Return the symbols that have bars here, sorted; none without a store."""
    from backtest.data.sources.demo import FUNDS
    from backtest.data.store import BarStore

    if loaded.settings.data.source == "demo":
        return tuple(sorted(FUNDS))
    return BarStore(loaded.path(loaded.settings.data.store)).symbols()


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """A feed of the bars that are stored; it has no quotes. Errors as `stored_history`."""

    loaded: LoadedSettings

    @property
    def name(self) -> str:
        """Where the bars came from."""
        return self.loaded.settings.data.source

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        """Return the bars of closed sessions; a symbol without any is left out."""
        return stored_history(self.loaded, symbols, at)

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return nothing: what is stored is over."""
        del symbols, at
        return {}


def stored_history(
    loaded: LoadedSettings, symbols: Sequence[str], at: datetime, *, seed: int | None = None
) -> Mapping[str, Bars]:
    """Return the bars of closed sessions; a symbol without any is left out.

    Args:
        loaded: the settings; vendors are not asked, what they gave is in the store.
        symbols: whose bars.
        at: aware instant.
        seed: of the demo market, None for the settings' own.

    Raises:
        DataError: 5, there is no store, or a file of it is damaged.
    """
    from backtest.data.sources.demo import DemoMarket
    from backtest.data.store import BarStore

    data, newest = loaded.settings.data, calendar.last_closed_session(at).day
    if data.source == "demo":
        found: Mapping[str, Bars] = DemoMarket(data.demo_seed if seed is None else seed).read(symbols)
    else:
        folder = loaded.path(data.store)
        if not folder.is_dir():
            raise DataError("no bars are stored here", where=str(folder), remedy="jutsu data import DIR")
        found = BarStore(folder).read(symbols)
    cut = {symbol: bars.until(newest) for symbol, bars in found.items()}
    return {symbol: bars for symbol, bars in cut.items() if len(bars)}
