"""Funds and their indexes: does the day of a leveraged fund fit the day of what it multiplies?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import Bars, DateArray, FloatArray
from backtest.data.quality.robust import medians

IntArray = NDArray[np.int64]

# Numbers and the largest real differences beside them: docs/decisions/0020-price-gate.md.
#: close against close: a difference of this much per (1 + |multiple|) is allowed on a quiet day ...
CLOSE_FLOOR: Final = 0.01
#: ... and this fraction of the expected move on top, for fees, closing times and compounding
CLOSE_SLOPE: Final = 0.25
OPEN_FLOOR: Final = 0.02
OPEN_SLOPE: Final = 0.4
#: sessions per block of the test for shifted days, and by how much a shifted comparison must fit better
SHIFT_BLOCK: Final = 10
SHIFT_CLEAR: Final = 3.0
SHIFT_LEAST: Final = 0.01


@dataclass(frozen=True, slots=True)
class PriceRelation:
    """One day's move of `symbol` is about `multiple` times the move of `index` (a fund's promise)."""

    symbol: str
    index: str
    multiple: float

    def tolerance(self, expected: FloatArray, floor: float, slope: float) -> FloatArray:
        """Return by how much a move may miss the `expected` one, decimal fractions."""
        return floor * (1 + abs(self.multiple)) + slope * np.abs(expected)


def judged_alone(symbols: Iterable[str], relations: Iterable[PriceRelation]) -> tuple[str, ...]:
    """Return the symbols that no relation names: their own history and the quote alone judge them."""
    related = {name for relation in relations for name in (relation.symbol, relation.index)}
    return tuple(symbol for symbol in dict.fromkeys(symbols) if symbol not in related)


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """A fund and its index on their common days, where both also have the session before.

    Attributes:
        relation: the two symbols and the multiple.
        dates: shape (k,), the common days.
        rows, index_rows: shape (k,), rows of the days in the fund's and the index's history.
        open, close: shape (k,), moves of the fund from its previous close, decimal fractions.
        index_open, index_close: the same of the index.
    """

    relation: PriceRelation
    dates: DateArray
    rows: IntArray
    index_rows: IntArray
    open: FloatArray
    close: FloatArray
    index_open: FloatArray
    index_close: FloatArray

    def misses(self, field: str) -> tuple[FloatArray, FloatArray]:
        """Return |move - multiple x index move| and what is allowed of it, each shape (k,)."""
        floor, slope = (CLOSE_FLOOR, CLOSE_SLOPE) if field == "close" else (OPEN_FLOOR, OPEN_SLOPE)
        expected = self.relation.multiple * getattr(self, f"index_{field}")
        return np.abs(getattr(self, field) - expected), self.relation.tolerance(expected, floor, slope)


Steps = Mapping[
    str, tuple[FloatArray, FloatArray]
]  # symbol -> log steps to open and to close, known actions out


def pair(relation: PriceRelation, bars: Mapping[str, Bars], steps: Steps) -> Paired | None:
    """Return the common days of a fund and its index, None when either is absent or they share none."""
    fund, index = bars.get(relation.symbol), bars.get(relation.index)
    if fund is None or index is None or not len(fund) or not len(index):
        return None
    place = np.minimum(np.searchsorted(index.dates, fund.dates), len(index) - 1)
    common = index.dates[place] == fund.dates
    usable = common.copy()
    usable[0] = False
    usable[1:] &= common[:-1] & (np.diff(place) == 1)  # both moves start at the same previous session
    rows = np.flatnonzero(usable)
    if not len(rows):
        return None
    with np.errstate(over="ignore"):
        moves = [np.expm1(steps[relation.symbol][n][rows]) for n in (0, 1)]
        index_moves = [np.expm1(steps[relation.index][n][place[rows]]) for n in (0, 1)]
    return Paired(relation, fund.dates[rows], rows, place[rows], *moves, *index_moves)


def shifted_blocks(days: Paired) -> list[tuple[int, int]]:
    """Return (position, -1 or 1) of blocks of `SHIFT_BLOCK` days that fit only when moved by one session.

    In such a block the median miss is at least `SHIFT_LEAST`, and comparing each day with the index's next
    (1) or previous (-1) one makes it `SHIFT_CLEAR` times smaller. The last block ends with the last day.
    """
    count = len(days.rows)
    if count < SHIFT_BLOCK + 2:
        return []
    expected = days.relation.multiple * days.index_close
    moves, first = days.close[1:-1], (count - 2) % SHIFT_BLOCK

    def blocks(index_moves: FloatArray) -> FloatArray:
        return np.abs(moves - index_moves)[first:].reshape(-1, SHIFT_BLOCK)

    before, same, after = blocks(expected[:-2]), blocks(expected[1:-1]), blocks(expected[2:])
    found = []
    # a median of SHIFT_LEAST needs a mean of half of it, which is cheaper to know
    for block in np.flatnonzero(same.mean(axis=1) >= SHIFT_LEAST / 2).tolist():
        earlier, here, later = (float(medians(miss[block])) for miss in (before, same, after))
        if here >= SHIFT_LEAST and here > SHIFT_CLEAR * min(earlier, later):
            found.append((first + 1 + block * SHIFT_BLOCK, -1 if earlier < later else 1))
    return found
