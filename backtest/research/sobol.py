"""Sobol points by their number: every axis is divided evenly, and so are pairs of early axes.

Direction numbers: S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008), 2635-2654, table new-joe-kuo-6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray

BITS: Final = 52
#: One row per axis: the primitive polynomial as bits, and the first direction numbers.
_TABLE: Final = (
    (1, (1,)),
    (3, (1,)),
    (7, (1, 3)),
    (11, (1, 3, 1)),
    (13, (1, 1, 1)),
    (19, (1, 1, 3, 3)),
    (25, (1, 3, 5, 13)),
    (37, (1, 1, 5, 5, 17)),
    (41, (1, 1, 5, 5, 5)),
    (47, (1, 1, 7, 11, 19)),
    (55, (1, 1, 5, 1, 1)),
    (59, (1, 1, 1, 3, 11)),
    (61, (1, 3, 5, 5, 31)),
    (67, (1, 3, 3, 9, 7, 49)),
    (91, (1, 1, 1, 15, 21, 21)),
    (97, (1, 3, 1, 13, 27, 49)),
    (103, (1, 1, 1, 15, 7, 5)),
    (109, (1, 3, 1, 15, 13, 25)),
    (115, (1, 1, 5, 5, 19, 61)),
    (131, (1, 3, 7, 11, 23, 15, 103)),
    (137, (1, 3, 7, 13, 13, 15, 69)),
    (143, (1, 1, 3, 13, 7, 35, 63)),
    (145, (1, 3, 5, 9, 1, 25, 53)),
    (157, (1, 3, 1, 13, 9, 35, 107)),
    (167, (1, 3, 1, 5, 27, 61, 31)),
    (171, (1, 1, 5, 11, 19, 41, 61)),
    (185, (1, 3, 5, 3, 3, 13, 69)),
    (191, (1, 1, 7, 13, 1, 19, 1)),
    (193, (1, 3, 7, 5, 13, 19, 59)),
    (203, (1, 1, 3, 9, 25, 29, 41)),
    (211, (1, 3, 5, 13, 23, 1, 55)),
    (213, (1, 3, 7, 3, 13, 59, 17)),
    (229, (1, 3, 1, 3, 5, 53, 69)),
    (239, (1, 1, 5, 5, 23, 33, 13)),
    (241, (1, 1, 7, 7, 1, 61, 123)),
    (247, (1, 1, 7, 9, 13, 61, 49)),
    (253, (1, 3, 3, 5, 3, 55, 33)),
    (285, (1, 3, 1, 15, 31, 13, 49, 245)),
    (299, (1, 3, 5, 15, 31, 59, 63, 97)),
    (301, (1, 3, 1, 11, 11, 11, 77, 249)),
)
MOST_AXES: Final = len(_TABLE)


def sobol(axes: int, first: int, count: int, shift: Sequence[float]) -> FloatArray:
    """Return points number `first` to `first + count - 1`, shape (axes, count), in [0, 1).

    Args:
        axes: at most `MOST_AXES`.
        first: number of the first point; number 0 is the shift itself.
        count: how many.
        shift: one number of [0, 1) for each axis, combined bit by bit (a digital shift keeps the evenness).
    """
    numbers = np.arange(first, first + count, dtype=np.uint64)
    gray = numbers ^ (numbers >> np.uint64(1))
    found: FloatArray = np.empty((axes, count))
    for axis in range(axes):
        bits = np.full(count, int(shift[axis] * 2.0**BITS), dtype=np.uint64)
        for position, direction in enumerate(_directions(axis)):
            if int(numbers[-1]) >> position == 0:
                break
            chosen = (gray >> np.uint64(position)) & np.uint64(1)
            bits ^= chosen * np.uint64(direction)
        found[axis] = bits.astype(np.float64) * 2.0**-BITS
    return found


def _directions(axis: int) -> list[int]:
    """Return the direction numbers of an axis as numerators over 2^BITS."""
    if axis == 0:
        return [1 << (BITS - 1 - k) for k in range(BITS)]
    polynomial, initial = _TABLE[axis]
    degree = polynomial.bit_length() - 1
    found = list(initial)
    for k in range(degree, BITS):
        value = found[k - degree] ^ (found[k - degree] << degree)
        for j in range(1, degree):
            if (polynomial >> (degree - j)) & 1:
                value ^= found[k - j] << j
        found.append(value)
    return [value << (BITS - 1 - k) for k, value in enumerate(found)]
