"""`jutsu data sync --timeframe 1m`: sessions without any minute are asked for, a stored one beside them.

A minute without a trade has no bar, so a session counts as there once it has one minute. What is believed
is decided by `IntradayBars`, by the store (a changed price is refused) and by the session's daily bar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TypedDict, get_args

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bar_words import Basis
from backtest.core.bars import Bars, DateArray
from backtest.core.errors import DataError
from backtest.core.intraday_bars import IntradayBars
from backtest.data.minute_store import MinuteImport, MinuteStore
from backtest.data.store import BarStore
from live.feeds.sources.errors import VendorError
from live.feeds.sources.model import BarRequest
from live.feeds.sync.chosen import ChosenSource, Fetchers
from live.feeds.sync.engine import Wanted
from live.feeds.sync.fallback import NoAnswer, able_for, alone, in_turn
from live.feeds.sync.fetch import session_minutes
from live.feeds.sync.log import Asked, SyncLog
from live.feeds.sync.plan import Days, days_to_ask, stretches
from live.feeds.sync.report import SyncedSymbol, SyncOutcome, SyncReport
from live.system.clock import Clock

#: of a new symbol so many days are asked for unless a first day is named
NEW_DAYS: Final = timedelta(days=30)
#: minutes may lie outside of the daily bar's range by this: it comes from another tape
_OUTSIDE: Final = 0.01


class Span(TypedDict):
    """Fields of a line of the report."""

    rows: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class MinutePlan:
    """What one symbol needs: its stored minutes (None for none), their basis, what is missing and asked."""

    symbol: str
    stored: IntradayBars | None
    basis: Basis
    missing: DateArray
    asked: tuple[Days, ...]


class MinuteSync:
    """One sync of minute bars into one store.

    Args:
        directory: of the bar store.
        chosen: sources, the first one first.
        clock: source of time.
        progress: called with what is being done.
    """

    def __init__(
        self,
        directory: Path,
        chosen: Sequence[ChosenSource],
        *,
        clock: Clock,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._directory = directory
        self._store = MinuteStore(directory)
        self._daily = BarStore(directory)
        self._chosen = chosen
        self._clock = clock
        self._progress = progress
        self._log = SyncLog(directory)
        self._fetchers = Fetchers(directory)

    def plan(self, wanted: Wanted) -> SyncReport:
        """Return what a run would ask; nobody is asked and nothing is written. DataError: a damaged file."""
        lines = [
            SyncedSymbol(
                plan.symbol,
                "planned" if plan.asked else "complete",
                source=self._chosen[0].name if plan.asked else "",
                asked=plan.asked,
                missing=stretches(plan.missing),
                **_span(plan.stored),
            )
            for plan in self._plans(wanted)
        ]
        return self._report(lines)

    def run(self, wanted: Wanted) -> SyncReport:
        """Ask, judge and store.

        Raises:
            DataError: a stored file is damaged, or another sync is running. SettingsError: keys, a folder or
                an extra of a source that has to be asked are missing.
        """
        with alone(self._directory):
            try:
                return self._report([self._synced(plan) for plan in self._plans(wanted)])
            finally:
                self._fetchers.close()

    def _report(self, lines: Sequence[SyncedSymbol]) -> SyncReport:
        return SyncReport(self._directory, "1m", tuple(one.name for one in self._chosen), tuple(lines))

    def _plans(self, wanted: Wanted) -> list[MinutePlan]:
        lead = self._chosen[0]
        final = calendar.last_closed_session(self._clock.now() - lead.capabilities.delay).day
        last = final if wanted.last is None else min(final, wanted.last)
        asked = self._log.oldest_asked(lead.name, "1m")
        return [self._plan(symbol, wanted.first, last, asked.get(symbol)) for symbol in wanted.symbols]

    def _plan(self, symbol: str, wanted: date | None, last: date, asked_before: date | None) -> MinutePlan:
        lead = self._chosen[0]
        stored = self._store.read(symbol) if self._store.years(symbol) else None
        have = session_days(stored)
        first = wanted or (have[0].item() if len(have) else last - NEW_DAYS)
        if len(have) and asked_before is not None and asked_before <= first:
            first = max(first, have[0].item())
        days = calendar.session_dates(max(first, lead.capabilities.earliest), last)
        missing: DateArray = days[~np.isin(days, have)]
        span = Days(have[0].item(), have[-1].item()) if len(have) else None
        words = {word: word for word in get_args(Basis)}
        basis: Basis = words.get(self._store.basis(symbol) or "", lead.capabilities.bases[0])
        return MinutePlan(symbol, stored, basis, missing, days_to_ask(missing, span, 1))

    def _synced(self, plan: MinutePlan) -> SyncedSymbol:
        if not plan.asked:
            return SyncedSymbol(plan.symbol, "complete", **_span(plan.stored))
        able = able_for(self._chosen, plan.basis)
        if not able:
            has = ", ".join(self._chosen[0].capabilities.bases)
            problem = f"the stored minutes are of basis {plan.basis}, {self._chosen[0].name} has {has}"
            return self._line(plan, "refused", problem=problem, remedy="another source, or another --store")
        requests = [BarRequest(plan.symbol, "1m", d.first, d.last, plan.basis) for d in plan.asked]

        def ask(chosen: ChosenSource) -> IntradayBars | None:
            self._progress(f"{plan.symbol} from {chosen.name}")
            return self._fetchers.of(chosen).minutes(requests)

        def failed(chosen: ChosenSource, error: VendorError) -> None:
            self._note(plan, chosen.name, "no answer", problem=error.problem)

        found = in_turn(able, ask, failed)
        if isinstance(found, NoAnswer):
            return self._line(
                plan,
                "no answer",
                source=found.source,
                problem=found.error.problem,
                remedy=found.error.remedy,
                warnings=found.warnings,
            )
        line = self._kept(plan, found.value, found.source, found.warnings)
        self._note(plan, found.source, line.outcome, added=line.added, problem=line.problem)
        self._fetchers.forget(found.source, requests)
        return line

    def _kept(
        self, plan: MinutePlan, bars: IntradayBars | None, source: str, warnings: tuple[str, ...]
    ) -> SyncedSymbol:
        """Store what came, unless it is not believed."""
        if bars is None and plan.stored is None:
            return self._line(
                plan, "no answer", source=source, problem=f"{source} has no minutes of it in these days"
            )
        outside = None if bars is None else beyond_daily(bars, self._daily_of(plan))
        if outside is not None:
            remedy = "compare with another source; nothing of it was stored"
            return self._line(plan, "refused", source=source, problem=outside, remedy=remedy)
        try:
            done = None if bars is None else self._add(bars, plan.basis)
        except DataError as error:
            problem = f"{error.where}: {error.problem}" if error.where else error.problem
            return self._line(plan, "refused", source=source, problem=problem, remedy=error.remedy)
        whole = self._store.read(plan.symbol)
        days = session_days(whole)
        left = plan.missing[~np.isin(plan.missing, days) & (plan.missing > days[0])]
        lacks = ", ".join(map(str, stretches(left)[:3]))
        return SyncedSymbol(
            plan.symbol,
            "stored" if len(left) or (done is not None and done.added) else "complete",
            source=source,
            asked=plan.asked,
            missing=stretches(left),
            added=0 if done is None else done.added,
            problem=f"{source} has no minutes of {lacks}" if lacks else "",
            remedy="run again later, or another source (--source)" if lacks else "",
            warnings=warnings,
            **_span(whole),
        )

    def _add(self, bars: IntradayBars, basis: str) -> MinuteImport | None:
        """Store minutes; nothing is written, and no number taken, where all of them are stored already."""
        now = self._clock.now()
        stored = self._store.read(bars.symbol) if self._store.years(bars.symbol) else None
        if stored is not None and _holds(stored, bars):
            return None
        return self._store.add(bars, imported_at=now, basis=self._store.basis(bars.symbol) or basis)

    def _daily_of(self, plan: MinutePlan) -> Bars | None:
        """Return the stored daily bars where they are of the same basis."""
        daily = self._daily.read([plan.symbol], as_stored=True).get(plan.symbol)
        return daily if daily is not None and daily.basis == plan.basis else None

    def _line(self, plan: MinutePlan, outcome: SyncOutcome, **more: Any) -> SyncedSymbol:
        missing = stretches(plan.missing)
        return SyncedSymbol(
            plan.symbol, outcome, asked=plan.asked, missing=missing, **_span(plan.stored), **more
        )

    def _note(
        self, plan: MinutePlan, source: str, outcome: str, *, added: int = 0, problem: str = ""
    ) -> None:
        asked = Asked(source, plan.symbol, "1m", plan.basis, plan.asked, outcome, added, problem)
        self._log.add(asked, self._clock.now())


def session_days(bars: IntradayBars | None) -> DateArray:
    """Return the sessions that have a minute, oldest first."""
    if bars is None or not len(bars.minutes):
        return np.zeros(0, dtype="datetime64[D]")
    first, last = (stamp.astype("datetime64[D]").item() for stamp in (bars.minutes[0], bars.minutes[-1]))
    opens, closes = session_minutes(first, last)
    begin, end = np.searchsorted(bars.minutes, opens), np.searchsorted(bars.minutes, closes)
    days: DateArray = opens[end > begin].astype("datetime64[D]")
    return days


def beyond_daily(bars: IntradayBars, daily: Bars | None) -> str | None:
    """Return in words the first session whose minutes lie outside of its daily bar, None when all fit."""
    if daily is None:
        return None
    days = bars.minutes.astype("datetime64[D]")
    edges = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
    highs, lows = np.maximum.reduceat(bars.high, edges), np.minimum.reduceat(bars.low, edges)
    for day, high, low in zip(days[edges], highs.tolist(), lows.tolist(), strict=True):
        row = daily.row(day.item())
        if row is None:
            continue
        top, bottom = float(daily.high[row]), float(daily.low[row])
        if high > top * (1 + _OUTSIDE) or low < bottom * (1 - _OUTSIDE):
            return f"{day}: minutes reach from {low:g} to {high:g}, the stored day from {bottom:g} to {top:g}"
    return None


def _holds(stored: IntradayBars, bars: IntradayBars) -> bool:
    """Tell whether every row is stored already, value by value."""
    rows = np.searchsorted(stored.minutes, bars.minutes)
    if len(rows) and rows[-1] >= len(stored.minutes):
        return False
    names = ("minutes", "open", "high", "low", "close", "volume")
    return all(np.array_equal(getattr(stored, name)[rows], getattr(bars, name)) for name in names)


def _span(stored: IntradayBars | None) -> Span:
    """Return rows, first and last stored session as a line of the report has them."""
    days = session_days(stored)
    if stored is None or not len(days):
        return {"rows": 0, "first": None, "last": None}
    return {"rows": len(stored.minutes), "first": days[0].item(), "last": days[-1].item()}
