"""Every step from a close to the next open and close: explained by index, fund, action or habit, or not.

Thresholds and the largest real move beside each: docs/decisions/0020-price-gate.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.bar_range import judge_range
from backtest.data.quality.confirmations import Confirmations
from backtest.data.quality.findings import PriceFinding
from backtest.data.quality.relations import Paired, PriceRelation, judged_alone, pair
from backtest.data.quality.robust import overnight, sessions_since_previous, sigma_before
from backtest.data.quality.splits import NEAR, BoolArray, near_split, split_ratio
from backtest.data.quality.step_findings import move_text, split_finding, step_error, taken_back

#: a first price after a split may be explained by sigmas up to here
SPLIT_SIGMAS: Final = 10.0
#: ratios up to here (3:2) are also what single stocks do on their own
_SMALL_SPLIT = math.log(1.6)
_SMALLEST_SPLIT = math.log(1.25 * (1 - NEAR))
#: after a split the close stays on the new level, within this log step of the open
_STAYS = 0.25
FIELDS: Final = ("open", "close")


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a symbol may move by its own history: both the fraction and the sigmas must be exceeded."""

    fraction: float
    sigmas: float


#: a diversified fund that some relation names
FUND: Final = Limits(0.08, 14.0)
#: a symbol with neither index nor fund may be a single stock on the day of its earnings
ALONE: Final = Limits(0.25, 18.0)


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A day on which a fund and its index do not fit."""

    days: Paired
    position: int
    field: str

    @property
    def index_row(self) -> int:
        return int(self.days.index_rows[self.position])

    def text(self) -> str:
        """Return both moves in words."""
        relation = self.days.relation
        fund = float(getattr(self.days, self.field)[self.position])
        index = float(getattr(self.days, f"index_{self.field}")[self.position])
        return (
            f"{relation.symbol} moved {move_text(fund)}, {relation.index} {move_text(index)} "
            f"x {relation.multiple:g} = {move_text(relation.multiple * index)}"
        )


class Steps:
    """One judgement: the steps of all symbols, their pairs, and who agrees with whom."""

    def __init__(
        self,
        bars: Mapping[str, Bars],
        relations: Sequence[PriceRelation],
        actions: Sequence[CorporateAction],
        looked_at: Confirmations,
    ) -> None:
        self.looked_at = looked_at
        self.bars = {symbol: history for symbol, history in bars.items() if len(history)}
        self.alone = frozenset(judged_alone(self.bars, relations))
        self.usual = {
            symbol: overnight(history.close, history.close) for symbol, history in self.bars.items()
        }
        self.steps = {
            symbol: (
                _explained(overnight(history.open, history.close), history, actions),
                _explained(self.usual[symbol].copy(), history, actions),
            )
            for symbol, history in self.bars.items()
        }
        found = (pair(relation, self.bars, self.steps) for relation in relations)
        self.pairs = tuple(days for days in found if days is not None)

    def findings(self) -> Iterator[PriceFinding]:
        """Yield the errors and suspicions of single prices; a split replaces the steps of its day."""
        agree, doubts = self._compare_pairs()
        for symbol, history in self.bars.items():
            own = {row_field: doubt for row_field, doubt in doubts.items() if row_field[0] == symbol}
            splits = self._splits(symbol, agree, own)
            found = {row: split_finding(history, row, *splits[row]) for row in splits}
            yield from found.values()
            replaced = {row for row, split in found.items() if self._stands(split)}
            yield from judge_range(history, self.usual[symbol])
            for n, field in enumerate(FIELDS):
                for row in self._extreme(symbol, n, agree[symbol, field], own, field):
                    if row not in replaced:
                        doubt = own.get((symbol, row, field))
                        why = self._own_habit(symbol, row, field) if doubt is None else doubt.text()
                        yield step_error(history, row, field, why)

    def _stands(self, split: PriceFinding) -> bool:
        """Tell whether a split stops the run by itself; a confirmed one leaves the close to be judged."""
        looked_at = self.looked_at.cover(split.symbol, split.day, split.price)
        return split.severity == "error" and not looked_at

    def _compare_pairs(self) -> tuple[dict[tuple[str, str], BoolArray], dict[tuple[str, int, str], _Doubt]]:
        agree = {(s, f): np.zeros(len(b), dtype=np.bool_) for s, b in self.bars.items() for f in FIELDS}
        bad: list[_Doubt] = []
        for days in self.pairs:
            for field in FIELDS:
                miss, allowed = days.misses(field)
                fits = miss <= allowed
                agree[days.relation.symbol, field][days.rows[fits]] = True
                agree[days.relation.index, field][days.index_rows[fits]] = True
                bad += [_Doubt(days, int(k), field) for k in np.flatnonzero(miss > allowed)]
        against = Counter((doubt.days.relation.index, doubt.index_row, doubt.field) for doubt in bad)
        doubts = {}
        for doubt in bad:
            symbol, row = self._culprit(doubt, agree, against)
            doubts[symbol, row, doubt.field] = doubt
        return agree, doubts

    def _culprit(
        self,
        doubt: _Doubt,
        agree: Mapping[tuple[str, str], BoolArray],
        against: Counter[tuple[str, int, str]],
    ) -> tuple[str, int]:
        """Return the side of a pair that is more likely wrong, and its row.

        An index that fits another fund is right; one that fits none of several is wrong; else the side that
        moved more sigmas.
        """
        days, field = doubt.days, doubt.field
        fund, index = days.relation.symbol, days.relation.index
        row, index_row = int(days.rows[doubt.position]), doubt.index_row
        if agree[index, field][index_row]:
            return fund, row
        alone = against[index, index_row, field] < 2
        if alone and self._sigmas(index, index_row, field) <= self._sigmas(fund, row, field):
            return fund, row
        return index, index_row

    def _sigmas(self, symbol: str, row: int, field: str) -> float:
        step = self.steps[symbol][FIELDS.index(field)][row]
        return abs(float(step)) / max(sigma_before(row, self.usual[symbol]), 1e-9)

    def _extreme(
        self, symbol: str, n: int, agrees: BoolArray, own: Mapping[tuple[str, int, str], _Doubt], field: str
    ) -> list[int]:
        """Return the rows whose step a pair denies, or neither a pair nor own history explains."""
        limits = ALONE if symbol in self.alone else FUND
        steps = self.steps[symbol][n]
        rows = {row for _, row, of in own if of == field}
        with np.errstate(invalid="ignore"):
            large = np.flatnonzero((np.abs(steps) > math.log1p(limits.fraction)) & ~agrees)
        spans = sessions_since_previous(self.bars[symbol].dates) if len(large) else steps
        for row in large.tolist():
            reach = max(math.log1p(limits.fraction), limits.sigmas * sigma_before(row, self.usual[symbol]))
            if abs(steps[row]) > reach * math.sqrt(spans[row]):
                rows.add(row)
        return sorted(rows)

    def _splits(
        self,
        symbol: str,
        agree: Mapping[tuple[str, str], BoolArray],
        own: Mapping[tuple[str, int, str], _Doubt],
    ) -> dict[int, tuple[Fraction | None, bool]]:
        """Return row -> (ratio, is an error) of openings that look like a split nobody recorded.

        The ratio is None where the next session is back on the old level: a bad bar of just that size.
        """
        opening, closing = self.steps[symbol]
        with np.errstate(invalid="ignore"):
            stays = np.abs(closing - opening) <= _STAYS
            large = np.abs(opening) > _SMALLEST_SPLIT
        rows = np.flatnonzero(large & stays & ~(agree[symbol, "open"] | agree[symbol, "close"]))
        found = {}
        for row in rows[near_split(np.exp(opening[rows]))].tolist():
            denied = (symbol, row, "open") in own or (symbol, row, "close") in own
            sigmas = self._sigmas(symbol, row, "open")
            ratio = split_ratio(math.exp(opening[row]))
            if ratio is None or not (denied or sigmas > SPLIT_SIGMAS):
                continue
            small = abs(math.log(ratio)) < _SMALL_SPLIT and symbol in self.alone
            far = sigmas > ALONE.sigmas and abs(opening[row]) > math.log1p(ALONE.fraction)
            found[row] = (None if taken_back(self.bars[symbol].close, row) else ratio, not small or far)
        return found

    def _own_habit(self, symbol: str, row: int, field: str) -> str:
        sigma = sigma_before(row, self.usual[symbol])
        why = f"{self._sigmas(symbol, row, field):.0f} times its usual daily step of {sigma:.1%}"
        alone = "; judged by its own history and the quote alone" if symbol in self.alone else ""
        return why + alone


def _explained(steps: FloatArray, bars: Bars, actions: Sequence[CorporateAction]) -> FloatArray:
    """Return the steps with what a known action explains taken out, where that makes them smaller."""
    for action in actions:
        row = int(np.searchsorted(bars.dates, np.datetime64(action.ex_date, "D")))
        if action.symbol != bars.symbol or not 0 < row < len(bars):
            continue  # another symbol's, or before the first or after the last session
        factor = action.price_factor(float(bars.close[row - 1]))
        if factor > 0:
            rest = steps[row] - math.log(factor)
            steps[row] = rest if abs(rest) < abs(steps[row]) else steps[row]
    return steps
