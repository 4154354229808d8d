"""What came for a symbol against what was missing: the part that joins the store, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, DateArray
from backtest.data.quality.actions import CorporateAction
from live.feeds.sync.plan import Days, SymbolPlan, stretches


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source gave for a symbol.

    Attributes:
        plan: what was missing and asked.
        source: its name.
        bars: rows inside the days asked for, None without any.
        gaps: sessions that the source has without prices.
        actions: splits and dividends since the first day asked for.
        names_actions: the actions hold every split since then.
        warnings: sources that did not answer before.
    """

    plan: SymbolPlan
    source: str
    bars: Bars | None
    gaps: tuple[date, ...] = ()
    actions: tuple[CorporateAction, ...] = ()
    names_actions: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joinable:
    """What of an answer can be stored.

    Attributes:
        bars: the rows that leave no hole, None for none.
        left: sessions that are still missing then.
        lacks: those of them that the source has no bar of; the others lie behind them.
        holes: a new symbol whose rows have a hole inside; nothing of it is stored.
    """

    bars: Bars | None
    left: tuple[Days, ...]
    lacks: tuple[Days, ...]
    holes: bool


def joinable(answer: Answer) -> Joinable:
    """Return the part of an answer that continues what is stored without a hole.

    Sessions before the first bar are not missing: the source has nothing older. For a new symbol a hole
    inside is told by `holes`; then there are no rows.
    """
    plan, bars = answer.plan, answer.bars
    stored = np.zeros(0, "datetime64[D]") if plan.stored is None else plan.stored.dates
    came = np.zeros(0, "datetime64[D]") if bars is None else bars.dates
    gaps = np.array([*answer.gaps, *plan.known_gaps], dtype="datetime64[D]")
    have = np.unique(np.concatenate([stored, came, gaps]))
    if not len(have):
        every = stretches(plan.missing)
        return Joinable(None, every, every, holes=False)
    wanted: DateArray = plan.missing[plan.missing >= have[0]]
    final = stored[: _final(plan)]
    lacks = _without(wanted, final, came, gaps)
    block = _block(have, stored)
    if block is None:
        return Joinable(None, lacks, lacks, holes=True)
    kept = None if bars is None else bars.since(block.first).until(block.last)
    left = _without(wanted, final, came if kept is None else kept.dates, gaps)
    return Joinable(kept if kept is not None and len(kept) else None, left, lacks, holes=False)


def _block(have: DateArray, stored: DateArray) -> Days | None:
    """Return the sessions without a hole that hold the stored ones; None: nothing is stored, and holes."""
    every = calendar.session_dates(have[0].item(), have[-1].item())
    present = np.flatnonzero(np.isin(every, have))
    if not len(present):  # no day of it is a session: the judge of the rows says so
        return Days(have[0].item(), have[-1].item())
    runs = np.split(present, np.flatnonzero(np.diff(present) > 1) + 1)
    if len(runs) == 1:
        return Days(have[0].item(), have[-1].item())
    if not len(stored):
        return None
    held = next((run for run in runs if every[run[0]] <= stored[0] <= every[run[-1]]), runs[-1])
    return Days(every[held[0]].item(), every[held[-1]].item())


def _without(days: DateArray, *present: DateArray) -> tuple[Days, ...]:
    return stretches(days[~np.isin(days, np.concatenate(present))])


def _final(plan: SymbolPlan) -> int:
    """Return how many stored bars are final."""
    return 0 if plan.stored is None else len(plan.stored) - int(plan.stored.provisional)
