"""Tree-structured Parzen estimator (J. Bergstra and others, 2011): draws where good sets lie and others not.

Each axis has two densities of its genes in [0, 1): one of the best sets, one of the rest, both mixed with the
even one. A new set takes one of some draws from the first, with chances as the ratio of both: always the
highest one would narrow down axes that do not matter, and whole batches to one point.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray

#: sets of a batch; the first batch is drawn evenly
BATCH: Final = 64
#: share of the sets known so far that count as good, and the most of them
GOOD: Final = 0.10
_MOST_GOOD: Final = 50
_MOST_OTHERS: Final = 200
_CANDIDATES: Final = 24
_LAST: Final = float(np.nextafter(1.0, 0.0))


def proposals(
    genes: FloatArray, order: NDArray[np.int64], count: int, random: np.random.Generator
) -> FloatArray:
    """Return new genes, shape (count, axes).

    Args:
        genes: of every set known, shape (n, axes).
        order: their rows, best first.
        count: how many.
        random: where draws come from.
    """
    good = max(1, min(int(np.ceil(GOOD * len(order))), _MOST_GOOD))
    others = order[good :: max(1, -(-(len(order) - good) // _MOST_OTHERS))]
    best, rest = genes[order[:good]], genes[others]
    found: FloatArray = np.empty((count, genes.shape[1]))
    for axis in range(genes.shape[1]):
        drawn = _drawn(best[:, axis], (count, _CANDIDATES), random)
        ratio = _density(drawn, best[:, axis]) / _density(drawn, rest[:, axis])
        up_to = np.cumsum(ratio, axis=1)
        place = (up_to < random.random((count, 1)) * up_to[:, -1:]).sum(axis=1)
        found[:, axis] = drawn[np.arange(count), np.minimum(place, _CANDIDATES - 1)]
    return found


def _width(centres: FloatArray) -> float:
    """Return the deviation of every kernel: Scott's rule on [0, 1), at least a fiftieth."""
    spread = float(centres.std()) if len(centres) > 1 else 0.3
    return max(1.06 * spread * len(centres) ** -0.2, 0.02) if len(centres) else 0.3


def _drawn(centres: FloatArray, shape: tuple[int, int], random: np.random.Generator) -> FloatArray:
    """Return draws from the density of `centres`; those beyond an end are reflected."""
    which = random.integers(0, len(centres) + 1, shape)  # the last one is the even density
    around = np.append(centres, 0.5)[which] + _width(centres) * random.standard_normal(shape)
    even = random.random(shape)
    found = np.where(which == len(centres), even, np.abs(around))
    return np.clip(np.where(found >= 1.0, 2.0 - found, found), 0.0, _LAST)


def _density(at: FloatArray, centres: FloatArray) -> FloatArray:
    """Return the density of `centres` with one even part, at points of any shape."""
    width = _width(centres)
    mirrored = np.concatenate([centres, -centres, 2.0 - centres])  # what left over an end came back
    parts = np.exp(-0.5 * ((at[..., None] - mirrored) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    found: FloatArray = (1.0 + parts.sum(axis=-1)) / (len(centres) + 1)
    return found
