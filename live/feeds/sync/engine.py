"""`jutsu data sync`: what is missing is asked for, judged as every import is, and stored.

Nothing here decides whether bars are believed: `backtest.data.importing` does, with its price gate, its look
at what changed, and its refusals. One symbol that is refused keeps no other back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import get_args

from backtest.calendar import sessions as calendar
from backtest.core.bar_words import Basis
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.importing import Imported, import_bars
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.known import Known
from backtest.data.store import BarStore
from live.feeds.sources.errors import VendorError
from live.feeds.sources.model import BarRequest
from live.feeds.sync.answers import Answer, Joinable, joinable
from live.feeds.sync.chosen import ChosenSource, Fetchers
from live.feeds.sync.fallback import NoAnswer, able_for, alone, in_turn
from live.feeds.sync.log import Asked, SyncLog
from live.feeds.sync.plan import SymbolPlan, plan_days, stretches
from live.feeds.sync.report import SyncedSymbol, SyncReport
from live.system.clock import Clock


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bars a sync is about.

    Attributes:
        symbols: tickers.
        first: first day, None: what is stored, of a new symbol all the source has.
        last: newest day, None: the newest session whose bar is final.
    """

    symbols: tuple[str, ...]
    first: date | None = None
    last: date | None = None


class Sync:
    """One sync of daily bars into one store.

    Args:
        store: where to.
        chosen: sources, the first one first.
        known: what is known about prices, for the price gate.
        clock: source of time.
        progress: called with what is being done.
    """

    def __init__(
        self,
        store: BarStore,
        chosen: Sequence[ChosenSource],
        *,
        known: Known,
        clock: Clock,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._chosen = chosen
        self._known = known
        self._clock = clock
        self._progress = progress
        self._log = SyncLog(store.directory)
        self._fetchers = Fetchers(store.directory)

    # planning ------------------------------------------------------------------------------------------

    def plan(self, wanted: Wanted) -> SyncReport:
        """Return what a run would ask; nobody is asked and nothing is written.

        Raises:
            DataError: a stored file is damaged.
        """
        lead = self._chosen[0]
        lines = []
        for plan in self._plans(wanted):
            able = self._able(plan)
            line = SyncedSymbol(
                plan.symbol,
                "planned" if plan.asked else "complete",
                source=able[0].name if able and plan.asked else "",
                asked=plan.asked,
                missing=stretches(plan.missing),
            )
            line = _with_stored(line, plan.stored)
            lines.append(line if able or not plan.asked else self._other_basis(plan, lead))
        return self._report(lines)

    def _plans(self, wanted: Wanted) -> list[SymbolPlan]:
        lead = self._chosen[0]
        final = calendar.last_closed_session(self._clock.now() - lead.capabilities.delay).day
        last = final if wanted.last is None else min(final, wanted.last)
        stored = self._store.read(wanted.symbols, as_stored=True)
        asked = self._log.oldest_asked(lead.name, "1d")
        plans = []
        for symbol in wanted.symbols:
            bars = stored.get(symbol)
            first = wanted.first or (lead.capabilities.earliest if bars is None else bars.first)
            before = None if bars is None else asked.get(symbol)
            gaps = () if bars is None else self._store.gaps(symbol)
            plans.append(plan_days(symbol, bars, first, last, known_gaps=gaps, nothing_before=before))
        return plans

    def _basis(self, plan: SymbolPlan) -> str:
        return self._chosen[0].capabilities.bases[0] if plan.stored is None else plan.stored.basis

    def _able(self, plan: SymbolPlan) -> list[ChosenSource]:
        return able_for(self._chosen, self._basis(plan))

    # running -------------------------------------------------------------------------------------------

    def run(self, wanted: Wanted) -> SyncReport:
        """Ask, judge and store.

        Raises:
            DataError: a stored file is damaged, or another sync or import is running. SettingsError: keys,
                a folder or an extra of a source that has to be asked are missing; pages that came are kept.
        """
        with alone(self._store.directory):
            try:
                return self._run(wanted)
            finally:
                self._fetchers.close()

    def _run(self, wanted: Wanted) -> SyncReport:
        done: dict[str, SyncedSymbol] = {}
        answers: dict[str, Answer] = {}
        for plan in self._plans(wanted):
            if not plan.asked:
                done[plan.symbol] = _with_stored(SyncedSymbol(plan.symbol, "complete"), plan.stored)
                continue
            found = self._asked(plan)
            if isinstance(found, Answer):
                answers[plan.symbol] = found
            else:
                done[plan.symbol] = found
        done |= self._kept(answers)
        return self._report([done[symbol] for symbol in wanted.symbols])

    def _report(self, lines: Sequence[SyncedSymbol]) -> SyncReport:
        names = tuple(one.name for one in self._chosen)
        return SyncReport(self._store.directory, "1d", names, tuple(lines))

    def _asked(self, plan: SymbolPlan) -> Answer | SyncedSymbol:
        """Ask one source after the other until one answers."""
        able = self._able(plan)
        if not able:
            return self._other_basis(plan, self._chosen[0])

        def ask(chosen: ChosenSource) -> Answer:
            self._progress(f"{plan.symbol} from {chosen.name}")
            return self._answer(plan, chosen)

        def failed(chosen: ChosenSource, error: VendorError) -> None:
            self._note(plan, chosen.name, "no answer", problem=error.problem)

        found = in_turn(able, ask, failed)
        if not isinstance(found, NoAnswer):
            return replace(found.value, warnings=found.warnings)
        line = SyncedSymbol(
            plan.symbol,
            "no answer",
            source=found.source,
            asked=plan.asked,
            missing=stretches(plan.missing),
            problem=found.error.problem,
            remedy=found.error.remedy,
            warnings=found.warnings,
        )
        return _with_stored(line, plan.stored)

    def _answer(self, plan: SymbolPlan, chosen: ChosenSource) -> Answer:
        fetcher = self._fetchers.of(chosen)
        found = fetcher.daily(self._requests(plan))
        actions: Sequence[CorporateAction] = ()
        if chosen.capabilities.has_actions and found.bars is not None:
            fetcher.wait()
            today = self._clock.now().astimezone(calendar.NEW_YORK).date()
            actions = fetcher.source.actions(plan.symbol, found.bars.first, today)
        named = chosen.capabilities.names_every_split
        return Answer(plan, chosen.name, found.bars, found.gaps, tuple(actions), named)

    def _requests(self, plan: SymbolPlan) -> list[BarRequest]:
        basis: Basis = next(word for word in get_args(Basis) if word == self._basis(plan))
        return [BarRequest(plan.symbol, "1d", days.first, days.last, basis) for days in plan.asked]

    def _other_basis(self, plan: SymbolPlan, lead: ChosenSource) -> SyncedSymbol:
        has = ", ".join(lead.capabilities.bases)
        line = SyncedSymbol(
            plan.symbol,
            "refused",
            missing=stretches(plan.missing),
            problem=f"the stored prices are of basis {self._basis(plan)}, {lead.name} has {has}",
            remedy="one basis per symbol: another source, or another --store",
        )
        return _with_stored(line, plan.stored)

    # storing -------------------------------------------------------------------------------------------

    def _kept(self, answers: Mapping[str, Answer]) -> dict[str, SyncedSymbol]:
        """Store what is believed and say what became of every answer."""
        parts = {symbol: joinable(answer) for symbol, answer in answers.items()}
        bars = {symbol: self._of_both(answers[symbol], part) for symbol, part in parts.items() if part.bars}
        imported, refused = self._imported(bars, answers)
        done = {}
        for symbol, answer in answers.items():
            line = _line(answer, parts[symbol], imported.get(symbol), refused.get(symbol))
            self._note(answer.plan, answer.source, line.outcome, added=line.added, problem=line.problem)
            self._fetchers.forget(answer.source, self._requests(answer.plan))
            done[symbol] = line
        return done

    def _of_both(self, answer: Answer, part: Joinable) -> Bars:
        """Return the rows with the names of every source that the stored history will have."""
        assert part.bars is not None
        stored = answer.plan.stored
        names = [] if stored is None or not stored.source else stored.source.split("+")
        return replace(part.bars, source="+".join(dict.fromkeys([*names, answer.source])))

    def _imported(
        self, bars: dict[str, Bars], answers: Mapping[str, Answer]
    ) -> tuple[dict[str, Imported], dict[str, DataError]]:
        """Import all together: a fund and its index explain each other. Symbols that are refused drop out."""
        refused: dict[str, DataError] = {}
        while bars:
            try:
                done = import_bars(
                    self._store,
                    bars,
                    imported_at=self._clock.now(),
                    known=self._known,
                    gaps={symbol: answers[symbol].gaps for symbol in bars},
                    actions=[action for symbol in bars for action in answers[symbol].actions],
                    actions_known=[symbol for symbol in bars if answers[symbol].names_actions],
                    progress=self._progress,
                )
                return {one.symbol: one for one in done}, refused
            except DataError as error:
                named = self._blamed(error, bars.keys())
                if not named:
                    raise
                refused |= dict.fromkeys(named, error)
                bars = {symbol: rows for symbol, rows in bars.items() if symbol not in named}
        return {}, refused

    def _blamed(self, error: DataError, symbols: Collection[str]) -> set[str]:
        """Return which symbols drop out: those it names, else those related to a stored one that it names."""
        named = {finding.path.split()[0] for finding in error.findings}
        pairs = [{relation.symbol, relation.index} for relation in self._known.relations]
        related = {symbol for pair in pairs if pair & named for symbol in pair}
        return named & set(symbols) or related & set(symbols)

    def _note(
        self, plan: SymbolPlan, source: str, outcome: str, *, added: int = 0, problem: str = ""
    ) -> None:
        asked = Asked(source, plan.symbol, "1d", self._basis(plan), plan.asked, outcome, added, problem)
        self._log.add(asked, self._clock.now())


def _line(
    answer: Answer, part: Joinable, imported: Imported | None, refused: DataError | None
) -> SyncedSymbol:
    """Return what became of an answer."""
    plan = answer.plan
    line = SyncedSymbol(
        plan.symbol,
        "stored",
        source=answer.source,
        asked=plan.asked,
        missing=part.left,
        warnings=answer.warnings,
    )
    if refused is not None:
        own = [found for found in refused.findings if found.path.split()[0] == plan.symbol]
        own = own or list(refused.findings)  # of what is stored beside it
        more = f" (and {len(own) - 1} more)" if len(own) > 1 else ""
        problem = f"{own[0].path}: {own[0].problem}{more}"
        line = replace(line, outcome="refused", problem=problem, remedy=own[0].remedy)
        return _with_stored(replace(line, missing=stretches(plan.missing)), plan.stored)
    if part.holes:
        problem = f"{answer.source} has no bar of {', '.join(map(str, part.lacks[:3]))}"
        remedy = "another source (--source), or begin later: --start"
        return _with_stored(replace(line, outcome="refused", problem=problem, remedy=remedy), plan.stored)
    if imported is None and plan.stored is None:
        problem = f"{answer.source} has no bars of it in these days"
        return replace(line, outcome="no answer", problem=problem, remedy="check the symbol")
    if imported is None:
        line = _with_stored(replace(line, outcome="stored" if part.left else "complete"), plan.stored)
    else:
        line = replace(
            line,
            outcome="complete" if imported.outcome == "up to date" and not part.left else "stored",
            added=imported.added,
            rows=imported.rows,
            first=imported.first,
            last=imported.last,
            actions=imported.actions_added,
            splits=_new_splits(answer),
        )
    if part.left:
        problem = f"{answer.source} has no bar of {', '.join(map(str, part.lacks[:3]))}"
        return replace(line, problem=problem, remedy="run again later, or another source (--source)")
    return line


def _new_splits(answer: Answer) -> tuple[CorporateAction, ...]:
    """Return the splits after the last session that was stored; none for a symbol that is new."""
    stored = answer.plan.stored
    if stored is None:
        return ()
    return tuple(one for one in answer.actions if one.kind == "split" and one.ex_date > stored.last)


def _with_stored(line: SyncedSymbol, stored: Bars | None) -> SyncedSymbol:
    if stored is None:
        return line
    return replace(line, rows=len(stored), first=stored.first, last=stored.last)
