"""The sets that nothing beats in every objective at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray


def pareto_front(scores: FloatArray) -> NDArray[np.int64]:
    """Return the rows that no other row is at least as good as in all columns and better in one, increasing.

    Args:
        scores: shape (sets, objectives), more being better; a row that is not finite is never in the front.
    """
    rows: NDArray[np.int64] = np.flatnonzero(np.isfinite(scores).all(axis=1))
    left = scores[rows]
    order = np.argsort(-left.sum(axis=1), kind="stable")  # good ones first: they remove the most
    rows, left = rows[order], left[order]
    at = 0
    while at < len(left):
        own = left[at]
        stays = (left > own).any(axis=1) | (left == own).all(axis=1)
        rows, left = rows[stays], left[stays]
        at = int(stays[:at].sum()) + 1
    return np.sort(rows)
