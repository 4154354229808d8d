"""Recording a split a person confirmed, and bringing stored prices onto the new shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.actions import ActionStore
from backtest.data.importing import import_lock, write_batch
from backtest.data.quality.actions import CorporateAction, ratio_text, scale_bars
from backtest.data.quality.findings import errors
from backtest.data.quality.known import Known
from backtest.data.quality.price_gate import judge_history
from backtest.data.store import BarStore


@dataclass(frozen=True, slots=True)
class SplitRecorded:
    """What was done: `recorded` about the action, `prices` about the stored bars, in words."""

    recorded: str
    prices: str


def record_split(store: BarStore, split: CorporateAction, *, known: Known, at: datetime) -> SplitRecorded:
    """Record a split; rows of a split-adjusted history that still count the old shares are rescaled.

    Raw prices stay as they are. Whether the stored history counts the new shares already is seen at the
    ex-date; one that ends before it is rescaled when the split is new. The action is written first: after a
    crash in between, the same call ends the work.

    Raises:
        DataError: 5, the ratio does not fit the prices or what is recorded, or another import holds the lock.
    """
    with import_lock(store.directory):
        kept = ActionStore(store.directory)
        same_day = [
            a.ratio for a in kept.read(split.symbol) if a.kind == "split" and a.ex_date == split.ex_date
        ]
        recorded = split.ratio in same_day
        if same_day and not recorded:
            raise DataError(
                f"a {ratio_text(same_day[0])} split is recorded for that day already",
                where=f"{split.symbol} {split.ex_date}",
                remedy="check the ratio; nothing was changed",
            )
        bars = store.read([split.symbol], as_stored=True).get(split.symbol)
        prices, scaled = _scaled(bars, split, recorded=recorded)
        if scaled is not None:
            _require_fit(store, scaled, split, known)
        kept.add([split], known_from=at)
        if scaled is not None:
            write_batch(store, bars, scaled, at=at, gaps=store.gaps(split.symbol))
    return SplitRecorded("was recorded already" if recorded else "recorded", prices)


def _scaled(bars: Bars | None, split: CorporateAction, *, recorded: bool) -> tuple[str, Bars | None]:
    if bars is None:
        return "no prices of it are stored", None
    if bars.basis == "raw":
        return "the stored prices are raw and stay as they are", None
    row = int(np.searchsorted(bars.dates, np.datetime64(split.ex_date, "D")))
    if row == 0:
        return "no stored price is older", None
    if row == len(bars) and recorded:
        return "the stored prices end before it and were rescaled when it was recorded", None
    if row < len(bars):
        step = float(bars.open[row] / bars.close[row - 1])
        if abs(math.log(step)) <= abs(math.log(step * float(split.ratio))):
            return "the stored prices count the new shares already", None
    return f"{row:,} older rows were rescaled by {ratio_text(1 / split.ratio)}", scale_bars(bars, split)


def _require_fit(store: BarStore, scaled: Bars, split: CorporateAction, known: Known) -> None:
    """Refuse a ratio after which the prices of the ex-date still cannot be believed."""
    partners = {
        name
        for relation in known.relations
        for name in (relation.symbol, relation.index)
        if split.symbol in {relation.symbol, relation.index}
    }
    beside = store.read(sorted(partners - {split.symbol}))
    seen = {**beside, split.symbol: scaled}
    others = tuple(action for action in known.actions if action.kind != "split")
    found = judge_history(seen, known.relations, actions=others, confirmed=known.confirmed)
    wrong = [e for e in errors(found) if e.symbol == split.symbol and e.day == split.ex_date]
    if wrong:
        raise DataError(
            f"a {ratio_text(split.ratio)} split does not explain the prices: after it, {wrong[0].problem}",
            where=f"{split.symbol} {split.ex_date}",
            remedy="check ratio and date; nothing was changed",
            findings=[error.finding() for error in wrong],
        )
