"""The probability of backtest overfitting by combinatorially symmetric cross-validation.

D. Bailey, J. Borwein, M. Lopez de Prado, J. Zhu, Journal of Computational Finance 20 (2017): the history is
cut into blocks, every half of them is once the sample in which the best trial is picked, and the rest tells
what the pick was worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.errors import UsageError

BLOCKS: Final = 16
#: splits worked on at a time: a few matrices of this many rows
_BATCH: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """What the splits say.

    Attributes:
        probability: share of splits in which the pick is in the lower half outside its sample (PBO).
        slope: of a line through the picks' ratios outside over inside; NaN when those inside do not vary.
        loss: share of splits in which the pick loses outside.
        logits: ln(w / (1 - w)) of the pick's relative rank outside, one per split.
        splits: how many.
    """

    probability: float
    slope: float
    loss: float
    logits: FloatArray
    splits: int


def overfitting(returns: FloatArray, blocks: int = BLOCKS) -> Overfitting:
    """Return the probability of overfitting.

    Args:
        returns: shape (periods, trials), at least two trials; the newest periods that do not fill a block
            are left out.
        blocks: an even number; C(16, 8) = 12,870 splits.

    Raises:
        UsageError: too few periods or trials, or an odd number of blocks.
    """
    periods, trials = returns.shape
    size = periods // max(blocks, 1)
    if blocks < 2 or blocks % 2 or size < 2 or trials < 2:
        raise UsageError(
            f"{periods} periods of {trials} trials cannot be split into {blocks} blocks", where="cscv"
        )
    cut = returns[: size * blocks].reshape(blocks, size, trials)
    sums, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    halves = list(combinations(range(blocks), blocks // 2))
    inside = np.zeros((len(halves), blocks))
    for row, chosen in enumerate(halves):
        inside[row, list(chosen)] = 1.0
    count = size * blocks // 2
    picks, outcomes, ranks = [], [], []
    for begin in range(0, len(halves), _BATCH):
        mask = inside[begin : begin + _BATCH]
        here = _ratios(mask @ sums, mask @ squares, count)
        there = _ratios((1.0 - mask) @ sums, (1.0 - mask) @ squares, count)
        pick = here.argmax(axis=1)
        rows = np.arange(len(mask))
        outcome = there[rows, pick]
        below = (there < outcome[:, None]).sum(axis=1)
        equal = (there == outcome[:, None]).sum(axis=1)
        picks.append(here[rows, pick])
        outcomes.append(outcome)
        ranks.append(below + (equal + 1) / 2)
    relative = np.concatenate(ranks) / (trials + 1)
    logits = np.log(relative / (1.0 - relative))
    inner, outer = np.concatenate(picks), np.concatenate(outcomes)
    varies = inner.var() > 0
    slope = (
        float(((inner - inner.mean()) * (outer - outer.mean())).mean() / inner.var())
        if varies
        else float("nan")
    )
    return Overfitting(
        probability=float((logits <= 0.0).mean()),
        slope=slope,
        loss=float((outer < 0.0).mean()),
        logits=logits,
        splits=len(halves),
    )


def _ratios(sums: FloatArray, squares: FloatArray, count: int) -> FloatArray:
    """Return Sharpe ratios per period from sums over `count` periods; 0 where returns do not vary."""
    mean = sums / count
    variance = np.maximum(squares - sums * mean, 0.0) / (count - 1)
    found: FloatArray = np.zeros_like(mean)
    np.divide(mean, np.sqrt(variance), out=found, where=variance > 1e-24)
    return found
