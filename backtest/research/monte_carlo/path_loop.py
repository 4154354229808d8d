"""The loop over resampled paths: only the compiler runs it. 32 paths go side by side, bars outside.

Each path is a function of seed and number alone, and adds its days in their order, so the same bytes come
from any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from backtest.research.monte_carlo.philox import WORDS, high_word, random_words

#: columns of the outcomes of a path, as `Paths` names them
OUTCOMES: Final = ("final", "sum", "squares", "depth", "lowest", "under_water")
#: paths that go side by side, and sessions that are drawn at once
LANES: Final = 32
_TILE: Final = 64
_LOWEST_BITS: Final = np.uint64(11)
_ONE: Final = np.uint64(1)
_FRACTION: Final = 2.0**-53
_STATES: Final = 8


def next_block(words: Any, at: int, sessions: Any, decay: float) -> Any:
    """Return length and first session of a block from two random words.

    Args:
        words: of `random_words`.
        at: position of the first of the two.
        sessions: how many there are to draw from, an unsigned number.
        decay: logarithm of the chance that a block goes on; its fixed length where that is not below 0.
    """
    length = int(decay)
    if decay < 0.0:  # geometric, 1 + floor(ln u / ln(1 - 1/b)), Politis and Romano (1994)
        u = float((words[at] >> _LOWEST_BITS) + _ONE) * _FRACTION
        length = 1 + int(math.log(u) / decay)
    return length, np.int64(high_word(words[at + 1], sessions))


def fill_tile(
    returns: Any, seed: Any, path: Any, decay: float, words: Any, draw: Any, lane: int, rows: int, tile: Any
) -> None:
    """Write the next `rows` returns of one path into its lane of `tile`.

    Args:
        returns: shape (sessions,).
        seed: one half of the key of its random words.
        path: the other half.
        decay: see `next_block`.
        words: shape (WORDS,), of this lane.
        draw: shape (4,): session that is next, sessions left of its block, words used, counter; carried on.
        lane: 0 to LANES - 1.
        rows: at most as many as the tile has.
        tile: shape (rows * LANES,).
    """
    n = len(returns)
    at, left = draw[0], draw[1]  # kept in registers: the compiler must think that `tile` may be `draw`
    done = 0
    while done < rows:
        if left == 0:
            if draw[2] == WORDS:
                draw[3] += 1
                random_words(seed, path, np.uint64(draw[3]), words)
                draw[2] = 0
            left, at = next_block(words, draw[2], np.uint64(n), decay)
            draw[2] += 2
        count = min(rows - done, left, n - at)
        into = done * LANES + lane
        for k in range(count):
            tile[into + k * LANES] = returns[at + k]
        done += count
        left -= count
        at = at + count if at + count < n else 0
    draw[0], draw[1] = at, left


def advance(tile: Any, rows: int, state: Any) -> None:
    """Take `rows` sessions on all lanes.

    Args:
        tile: shape (rows * LANES,), returns.
        rows: how many.
        state: shape (_STATES * LANES,): equity, its peak, lowest share of a peak, lowest equity, sum and
            squares of returns, sessions since the peak and the most of them.
    """
    for row in range(rows):
        for k in range(LANES):
            change = tile[row * LANES + k]
            equity = state[k] * (1.0 + change)
            peak = max(state[LANES + k], equity)
            since = 0.0 if equity >= peak else state[6 * LANES + k] + 1.0
            state[k] = equity
            state[LANES + k] = peak
            state[2 * LANES + k] = min(state[2 * LANES + k], equity / peak)
            state[3 * LANES + k] = min(state[3 * LANES + k], equity)
            state[4 * LANES + k] += change
            state[5 * LANES + k] += change * change
            state[6 * LANES + k] = since
            state[7 * LANES + k] = max(state[7 * LANES + k], since)


def path_loop(digest: str) -> Callable[..., None]:
    """Return the loop over some paths for a digest of the sources."""

    def run(
        returns: Any,
        seed: Any,
        first: int,
        decay: float,
        marks: Any,
        outcomes: Any,
        curves: Any,
    ) -> None:
        """Fill `outcomes` and `curves` (see `Paths`) for paths `first` on; `marks` are session counts."""
        if len(digest) == 0:  # the digest is part of the cache key only because it is used
            return
        tile = np.zeros(_TILE * LANES)
        state = np.empty(_STATES * LANES)
        words = np.empty((LANES, WORDS), dtype=np.uint64)
        draw = np.empty((LANES, 4), dtype=np.int64)
        for base in range(0, len(outcomes), LANES):
            used = min(LANES, len(outcomes) - base)
            state[: 4 * LANES] = 1.0
            state[4 * LANES :] = 0.0
            draw[:, 1] = 0
            draw[:, 2] = WORDS
            draw[:, 3] = 0
            done = 0
            for mark in range(len(marks)):
                while done < marks[mark]:
                    rows = min(_TILE, marks[mark] - done)
                    for lane in range(used):
                        path = np.uint64(first + base + lane)
                        fill_tile(returns, seed, path, decay, words[lane], draw[lane], lane, rows, tile)
                    advance(tile, rows, state)
                    done += rows
                for lane in range(used):
                    curves[base + lane, mark] = state[lane]
            for lane in range(used):
                outcomes[base + lane, 0] = state[lane]
                outcomes[base + lane, 1] = state[4 * LANES + lane]
                outcomes[base + lane, 2] = state[5 * LANES + lane]
                outcomes[base + lane, 3] = 1.0 - state[2 * LANES + lane]
                outcomes[base + lane, 4] = state[3 * LANES + lane]
                outcomes[base + lane, 5] = state[7 * LANES + lane]

    return run
