"""Two histories of one symbol: what changed, and whether the change is a legitimate correction.

Vendors restate: a split divides all older prices (and rounds them again), a dividend lowers them a little,
the unfinished bar of a running session becomes final. These are accepted; anything else is a contradiction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import Finding
from backtest.data.quality.findings import SAME_PRICE
from backtest.data.quality.robust import medians
from backtest.data.quality.splits import RATIOS, BoolArray, describe_factor, split_factor

Change = Literal["unchanged", "rounding", "provisional", "dividend", "split", "factor", "contradiction"]

#: the largest dividend, as a fraction of the price, that is taken over without being asked
SMALL_DIVIDEND: Final = 0.03
_FIELDS = ("open", "high", "low", "close", "volume")
#: decimals a file may have; fewer than cents are a coincidence of few rows
_DECIMALS = (2, 3, 4, 5, 6)
#: an official open, high or low may differ this much from what the running session showed
_OFFICIAL = 0.005


@dataclass(frozen=True, slots=True)
class Revision:
    """One stored value that a newer history tells differently."""

    day: date
    field: str
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a newer history says about the sessions that are already known.

    Attributes:
        symbol: ticker.
        change: unchanged (every value equal, or nothing in common); rounding (closes within the last decimal
            or 0.05 %); provisional (the last known bar was unfinished, now it is final); dividend (older
            closes lower by up to 3 % per dividend); split (all closes by the factor of a split, within their
            rounding); factor (all closes by another common factor); contradiction (none of these).
        factor: by what rows older than the new history must be multiplied to continue it; 1.0 for unchanged,
            rounding, provisional and contradiction.
        common: number of sessions in both.
        worst: session with the largest relative difference of the close, None when all are equal.
        old_close, new_close: its two closes, NaN without one.
    """

    symbol: str
    change: Change
    factor: float = 1.0
    common: int = 0
    worst: date | None = None
    old_close: float = float("nan")
    new_close: float = float("nan")

    @property
    def legitimate(self) -> bool:
        """True when the newer history may replace the older one without asking a person."""
        return self.change in {"unchanged", "rounding", "provisional", "dividend"}


def compare(old: Bars, new: Bars) -> Comparison:
    """Classify what `new` changes of `old`; closes decide, over the sessions in both.

    Of two decimals a price of 0.21 halves to 0.10 or 0.11: half a unit of the last decimal of both files is
    allowed beside 0.05 %. An unfinished bar is recognised by its range: the final one opens at the same price
    (within 0.5 %), reaches at least as far both ways and trades at least as much.
    """
    a, b = _common(old, new)
    if not len(a):
        return Comparison(new.symbol, "unchanged")
    if all(np.array_equal(getattr(a, field), getattr(b, field)) for field in _FIELDS):
        return Comparison(new.symbol, "unchanged", common=len(a))
    with np.errstate(all="ignore"):  # a price that is none belongs to no known change
        change, factor = _classify(a, b, _rounding(old.close), _rounding(new.close), last_known=old.last)
        off = np.abs(b.close / a.close - 1)
    worst = int(np.argmax(off))
    differs = bool(off[worst] > 0)
    return Comparison(
        new.symbol,
        change,
        factor,
        len(a),
        a.dates[worst].item() if differs else None,
        float(a.close[worst]) if differs else float("nan"),
        float(b.close[worst]) if differs else float("nan"),
    )


def revisions(old: Bars, new: Bars) -> tuple[Revision, ...]:
    """Return every value of a common session that differs, by day; the store keeps them beside the bars."""
    a, b = _common(old, new)
    found = [
        Revision(a.dates[row].item(), field, float(getattr(a, field)[row]), float(getattr(b, field)[row]))
        for field in _FIELDS
        for row in np.flatnonzero(getattr(a, field) != getattr(b, field)).tolist()
    ]
    return tuple(sorted(found, key=lambda revision: (revision.day, _FIELDS.index(revision.field))))


def _common(old: Bars, new: Bars) -> tuple[Bars, Bars]:
    _, in_old, in_new = np.intersect1d(old.dates, new.dates, assume_unique=True, return_indices=True)
    return old.take(in_old), new.take(in_new)


def _classify(a: Bars, b: Bars, half_a: float, half_b: float, last_known: date) -> tuple[Change, float]:
    def same(factor: FloatArray | float) -> BoolArray:
        allowed = np.maximum(SAME_PRICE * b.close, half_b + half_a * factor)
        fits: BoolArray = np.abs(b.close - a.close * factor) <= allowed * (1 + 1e-9)
        return fits

    equal = same(1.0)
    if equal.all():
        return "rounding", 1.0
    if equal[:-1].all() and a.last == last_known and _finished(a, b):
        return "provisional", 1.0
    ratio = float(medians(b.close / a.close))
    for factor in sorted((float(1 / split) for split in RATIOS), key=lambda known: abs(ratio / known - 1)):
        if same(factor).all():
            return "split", factor
    if a.last == last_known:  # older prices follow the first stair; later ones would need the last
        stairs = _dividend_stairs(b.close / a.close, half_b / b.close + half_a / a.close)
        if stairs is not None:
            return "dividend", float(stairs[0])
    if len(a) > 1 and same(ratio).all():
        return "factor", ratio
    return "contradiction", 1.0


def _finished(a: Bars, b: Bars) -> bool:
    """Tell whether the last bar of `b` is the rest of the session whose part is the last bar of `a`."""
    slack = _OFFICIAL * float(a.close[-1])
    return (
        abs(float(a.open[-1] - b.open[-1])) <= slack
        and float(b.high[-1]) >= float(a.high[-1]) - slack
        and float(b.low[-1]) <= float(a.low[-1]) + slack
        and float(b.volume[-1]) >= float(a.volume[-1])
    )


def _dividend_stairs(ratios: FloatArray, rounding: FloatArray) -> FloatArray | None:
    """Return the ratios as the stairs of restated dividends (rising to at most 1), None when they are not.

    Each stair is the median of a stretch in which the ratios agree; one single session is no stair.
    """
    if len(ratios) < 2:
        return None
    slack = SAME_PRICE + rounding
    edges = np.flatnonzero(np.abs(np.diff(ratios)) > slack[1:] + slack[:-1]) + 1
    stretches = np.split(np.arange(len(ratios)), edges)
    levels = np.array([medians(ratios[rows]) for rows in stretches])
    heights = np.diff(np.append(levels, 1.0))
    if len(stretches[0]) < 2 or (heights < -SAME_PRICE).any() or (heights > SMALL_DIVIDEND).any():
        return None
    stairs = np.concatenate(
        [np.full(len(rows), level) for rows, level in zip(stretches, levels, strict=True)]
    )
    return stairs if (np.abs(ratios - stairs) <= slack).all() else None


def _rounding(closes: FloatArray) -> float:
    """Return half a unit of the last decimal of `closes`: at most 0.005, 0.0 with more than six decimals."""
    for decimals in _DECIMALS:
        if np.abs(closes - np.round(closes, decimals)).max() <= 1e-9 * np.abs(closes).max():
            return float(0.5 * 10.0**-decimals)
    return 0.0


def split_like(old: Bars, new: Bars) -> Finding | None:
    """Compare two histories of one symbol on their common dates.

    Returns:
        None when the closes agree (or nothing overlaps). A finding that names the common ratio when all
        closes changed by one factor (a split or a dividend adjustment), or one that calls it a data fault
        when the differences are scattered.
    """
    _, in_old, in_new = np.intersect1d(old.dates, new.dates, assume_unique=True, return_indices=True)
    if not len(in_old):
        return None
    ratios: FloatArray = new.close[in_new] / old.close[in_old]
    differing = np.abs(ratios - 1) > SAME_PRICE
    if not differing.any():
        return None
    ratio = float(medians(ratios))
    telling = len(ratios) > 1 or split_factor(ratio) is not None  # one odd close alone is no common factor
    if telling and np.all(np.abs(ratios / ratio - 1) <= SAME_PRICE):
        return Finding(
            new.symbol,
            f"all {len(ratios)} common closes ({old.dates[in_old[0]]} to {old.dates[in_old[-1]]}) changed "
            f"by the factor {ratio:.6g}: {describe_factor(ratio)}",
            "check the corporate action, then import again with --accept-split",
        )
    worst = int(np.argmax(np.abs(ratios - 1)))
    day = old.dates[in_old[worst]]
    return Finding(
        new.symbol,
        f"{int(differing.sum())} of {len(ratios)} common closes differ, most on {day}: "
        f"{old.close[in_old[worst]]} stored, {new.close[in_new[worst]]} new",
        "one of the two sources is faulty: compare them with a third",
    )


def common_ratio(old: Bars, new: Bars) -> float:
    """Return the median of new close / old close over the common dates, 1.0 when there are none."""
    _, in_old, in_new = np.intersect1d(old.dates, new.dates, assume_unique=True, return_indices=True)
    return float(medians(new.close[in_new] / old.close[in_old])) if len(in_old) else 1.0
