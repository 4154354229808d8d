"""`jutsu data check --against SOURCE`: stored bars beside those of another source; nothing is stored.

Closes are compared session by session, on one basis: what is stored raw is adjusted for its recorded splits
where the other source has adjusted prices only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bar_words import Basis
from backtest.core.bars import Bars
from backtest.core.errors import BrokerError, DataError
from backtest.data.actions import ActionStore
from backtest.data.quality.actions import CorporateAction, split_adjusted
from backtest.data.quality.findings import SAME_PRICE
from backtest.data.store import BarStore
from live.feeds.sources.errors import VendorError
from live.feeds.sources.model import BarRequest
from live.feeds.sync.chosen import ChosenSource, Fetchers
from live.feeds.sync.fallback import alone
from live.feeds.sync.plan import Days, stretches
from live.system.clock import Clock

#: of each symbol so many different closes are named, the largest first
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """A session whose closes differ; `fraction` = other / stored - 1."""

    session: date
    stored: float
    other: float
    fraction: float


@dataclass(frozen=True, slots=True)
class CheckedSymbol:
    """One symbol beside the other source.

    Attributes:
        symbol: ticker.
        sessions: how many sessions both have.
        differing: how many closes differ by more than rounding (0.05 %).
        largest: the largest differences, at most `SHOWN`.
        beyond: True when one is larger than the settings allow.
        only_stored, only_other: sessions that one of them lacks.
        actions_only_stored, actions_only_other: splits and dividends that one of them names, in words.
        problem, remedy: why it could not be compared; empty when it was.
    """

    symbol: str
    sessions: int = 0
    differing: int = 0
    largest: tuple[Difference, ...] = ()
    beyond: bool = False
    only_stored: tuple[Days, ...] = ()
    only_other: tuple[Days, ...] = ()
    actions_only_stored: tuple[str, ...] = ()
    actions_only_other: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All symbols, in the order asked for."""

    against: str
    first: date
    last: date
    max_difference_pct: float
    symbols: tuple[CheckedSymbol, ...]

    @property
    def exit_code(self) -> int:
        """0; 5: a close differs too much, or one does not know a split of raw prices; 6: no answer."""
        if any(line.beyond for line in self.symbols):
            return DataError.exit_code
        return BrokerError.exit_code if any(line.problem for line in self.symbols) else 0


class Check:
    """A comparison of one store with one source."""

    def __init__(
        self,
        store: BarStore,
        against: ChosenSource,
        *,
        max_difference_pct: float,
        clock: Clock,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._against = against
        self._allowed = max_difference_pct / 100
        self._clock = clock
        self._progress = progress

    def run(self, symbols: Sequence[str], first: date, last: date | None = None) -> CheckReport:
        """Compare the sessions from `first` on, until the newest that is final at the other source.

        Raises:
            DataError: a stored file is damaged, or a sync is running: its unfinished pages lie in the same
                files. SettingsError: the source cannot be opened.
        """
        with alone(self._store.directory):
            return self._run(symbols, first, last)

    def _run(self, symbols: Sequence[str], first: date, last: date | None) -> CheckReport:
        final = calendar.last_closed_session(self._clock.now() - self._against.capabilities.delay).day
        until = final if last is None else min(final, last)
        stored = self._store.read(symbols, as_stored=True)
        fetchers = Fetchers(self._store.directory)
        lines = []
        try:
            for symbol in symbols:
                self._progress(symbol)
                bars = stored.get(symbol)
                lines.append(self._line(fetchers, symbol, bars, first, until))
        finally:
            fetchers.close()
        return CheckReport(self._against.name, first, until, self._allowed * 100, tuple(lines))

    def _line(
        self, fetchers: Fetchers, symbol: str, stored: Bars | None, first: date, last: date
    ) -> CheckedSymbol:
        if stored is None or not len(stored.since(first).until(last)):
            return CheckedSymbol(symbol, problem="nothing is stored in these days", remedy="jutsu data sync")
        first = max(first, stored.first)
        bases = self._against.capabilities.bases
        basis = next((word for word in bases if word == stored.basis), None)
        if basis is None and not (stored.basis == "raw" and "split" in bases):
            return CheckedSymbol(
                symbol,
                problem=f"the stored prices are of basis {stored.basis}, {self._against.name} has "
                + ", ".join(bases),
                remedy="compare with another source",
            )
        recorded = ActionStore(self._store.directory).read(symbol)
        ours = stored if basis is not None else split_adjusted(stored, recorded)
        try:
            other, named = self._other(fetchers, symbol, Days(first, last), basis or "split")
        except VendorError as error:
            return CheckedSymbol(symbol, problem=error.problem, remedy=error.remedy)
        if other is None:
            return CheckedSymbol(symbol, problem=f"{self._against.name} has no bars of it")
        line = compared(ours.since(first).until(last), other, self._allowed)
        if not self._against.capabilities.has_actions:
            return line
        inside = [action for action in recorded if first <= action.ex_date <= last]
        return _with_actions(line, inside, named, raw=stored.basis == "raw")

    def _other(
        self, fetchers: Fetchers, symbol: str, days: Days, basis: Basis
    ) -> tuple[Bars | None, Sequence[CorporateAction]]:
        fetcher = fetchers.of(self._against)
        requests = [BarRequest(symbol, "1d", days.first, days.last, basis)]
        fetcher.forget(requests)  # pages of an unfinished sync may be older
        found = fetcher.daily(requests).bars
        fetcher.forget(requests)
        if found is None or not self._against.capabilities.has_actions:
            return found, ()
        fetcher.wait()
        return found, fetcher.source.actions(symbol, days.first, days.last)


def compared(stored: Bars, other: Bars, allowed: float) -> CheckedSymbol:
    """Return two histories of one symbol side by side; `allowed` is a decimal fraction.

    A row of the other one without a price counts as missing there.
    """
    other = other.take(np.flatnonzero(np.isfinite(other.close) & (other.close > 0)))
    _, rows, others = np.intersect1d(stored.dates, other.dates, return_indices=True)
    fractions = other.close[others] / stored.close[rows] - 1
    off = np.abs(fractions)
    differing = np.flatnonzero(off > SAME_PRICE)
    worst = differing[np.argsort(-off[differing], kind="stable")][:SHOWN].tolist()
    return CheckedSymbol(
        stored.symbol,
        sessions=len(rows),
        differing=len(differing),
        largest=tuple(
            Difference(
                stored.dates[rows[n]].item(),
                float(stored.close[rows[n]]),
                float(other.close[others[n]]),
                float(fractions[n]),
            )
            for n in worst
        ),
        beyond=bool((off > allowed).any()),
        only_stored=stretches(stored.dates[~np.isin(stored.dates, other.dates)]),
        only_other=stretches(other.dates[~np.isin(other.dates, stored.dates)]),
    )


def _with_actions(
    line: CheckedSymbol,
    recorded: Sequence[CorporateAction],
    named: Sequence[CorporateAction],
    *,
    raw: bool,
) -> CheckedSymbol:
    """Add the actions that one side knows; a split among them is beyond what is allowed of raw prices."""
    ours, theirs = ({_key(action): action for action in actions} for actions in (recorded, named))
    alone = [action for key, action in ours.items() if key not in theirs]
    others = [action for key, action in theirs.items() if key not in ours]
    return replace(
        line,
        beyond=line.beyond or (raw and any(action.kind == "split" for action in (*alone, *others))),
        actions_only_stored=tuple(action.describe() for action in alone),
        actions_only_other=tuple(action.describe() for action in others),
    )


def _key(action: CorporateAction) -> tuple[object, ...]:
    return action.ex_date, action.kind, action.ratio, action.amount
