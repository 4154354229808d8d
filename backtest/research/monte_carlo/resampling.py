"""Resampled paths of a series of returns: blocks of its own days in another order, many times over."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.core.errors import DataError, UsageError
from backtest.research.compiling import compile_loop
from backtest.research.monte_carlo import path_loop, philox
from backtest.research.overfitting.bootstrap import block_length, circular_block_length

STATIONARY: Final = "stationary"
CIRCULAR: Final = "circular"
KINDS: Final = (STATIONARY, CIRCULAR)
#: sessions at which the equity of a path is kept, at most
MARKS: Final = 100
#: sessions of a block at most: far more than any history has, far less than the loop can count
LONGEST_BLOCK: Final = 1_000_000
_LARGEST_SEED: Final = 2**64 - 1
#: paths that a thread takes at once
_PIECE: Final = 1_024
_SESSIONS_PER_YEAR: Final = 252


@dataclass(frozen=True, slots=True)
class Resampling:
    """How paths are drawn.

    Attributes:
        paths: how many.
        sessions: of each.
        block: length of a block, 1 to `LONGEST_BLOCK`: the mean one (stationary), or of all (circular,
            rounded).
        kind: one of `KINDS`.
        seed: 0 to 2^64 - 1; path k is a function of it and k.
    """

    paths: int
    sessions: int
    block: float
    kind: str = STATIONARY
    seed: int = 0

    @property
    def decay(self) -> float:
        """What `path_loop.next_block` reads: the length of a block, or the logarithm of 1 - 1/b below 0."""
        if self.kind == CIRCULAR or self.block <= 1.0:
            return float(max(1, round(self.block)))
        return math.log(1.0 - 1.0 / self.block)

    @property
    def marks(self) -> NDArray[np.int64]:
        """Session counts at which equity is kept, increasing, the last session among them."""
        return np.unique(np.linspace(1, self.sessions, min(MARKS, self.sessions)).round().astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Outcomes, one entry a path; equity begins at 1.

    Attributes:
        final: equity after the last session.
        sharpe: sqrt(252) * mean / sample deviation of the path's returns; 0 without deviation.
        drawdown: largest fall from a peak, positive decimal fraction; the beginning is a peak.
        lowest: equity at its lowest close, 1 at most.
        under_water: most sessions in a row below a peak.
        marks: shape (m,), session counts of `curves`.
        curves: shape (paths, m), equity.
    """

    final: FloatArray
    sharpe: FloatArray
    drawdown: FloatArray
    lowest: FloatArray
    under_water: FloatArray
    marks: NDArray[np.int64]
    curves: FloatArray


def default_block(returns: FloatArray, kind: str = STATIONARY) -> float:
    """Return the block length: the longer of those of returns and of their magnitudes, at most n/10.

    That of returns alone (D. Politis and H. White, 2004) would tear clusters of volatility apart.
    """
    length = circular_block_length if kind == CIRCULAR else block_length
    return max(1.0, min(max(length(returns), length(np.abs(returns))), len(returns) / 10))


def resample(returns: FloatArray, plan: Resampling, workers: int = 1) -> Paths:
    """Return the outcomes of resampled paths, the same bytes for any number of workers.

    Args:
        returns: per session, shape (n,), each above -1.
        plan: how many and how long.
        workers: threads.

    Raises:
        DataError: too few returns, or some that are not numbers above -1. SettingsError: no compiler.
    """
    _require_returns(returns)
    marks = plan.marks
    outcomes: FloatArray = np.empty((plan.paths, len(path_loop.OUTCOMES)))
    curves: FloatArray = np.empty((plan.paths, len(marks)))
    run, seed = compiled(), np.uint64(plan.seed)
    series: FloatArray = np.ascontiguousarray(returns, dtype=np.float64)

    def piece(first: int) -> None:
        rows = slice(first, first + _PIECE)
        run(series, seed, first, plan.decay, marks, outcomes[rows], curves[rows])

    with ThreadPoolExecutor(max(1, workers)) as pool:
        for _ in pool.map(piece, range(0, plan.paths, _PIECE)):
            pass
    named = dict(zip(path_loop.OUTCOMES, outcomes.T, strict=True))
    return Paths(
        final=named["final"],
        sharpe=_sharpe(named["sum"], named["squares"], plan.sessions),
        drawdown=named["depth"],
        lowest=named["lowest"],
        under_water=named["under_water"],
        marks=marks,
        curves=curves,
    )


@cache
def compiled() -> Callable[..., None]:
    """Return the compiled loop; it releases the interpreter lock. SettingsError: numba is not installed."""
    steps = (
        philox.high_word,
        philox.random_words,
        path_loop.next_block,
        path_loop.fill_tile,
        path_loop.advance,
    )
    return compile_loop(path_loop.path_loop, steps, (philox, path_loop), "a resampling")


def require_plan(plan: Resampling) -> None:
    """Refuse a plan that cannot be drawn. UsageError: unknown kind, or a number out of range."""
    if plan.kind not in KINDS:
        raise UsageError(f"must be {' or '.join(KINDS)}, got {plan.kind!r}", where="--kind")
    for name in ("paths", "sessions", "block"):
        if not getattr(plan, name) >= 1:
            raise UsageError(f"must be at least 1, got {getattr(plan, name)}", where=f"--{name}")
    for name, most in (("block", LONGEST_BLOCK), ("seed", _LARGEST_SEED)):
        if getattr(plan, name) > most:
            raise UsageError(f"must be at most {most:,}, got {getattr(plan, name):,}", where=f"--{name}")


def _require_returns(returns: FloatArray) -> None:
    if len(returns) < 2:
        raise DataError(f"{len(returns)} return(s), at least 2 are needed", where="monte-carlo")
    wrong = np.flatnonzero(~(np.isfinite(returns) & (returns > -1.0)))
    if len(wrong):
        raise DataError(
            f"return {wrong[0] + 1} is {returns[wrong[0]]:g}, not a number above -1", where="monte-carlo"
        )


def _sharpe(total: FloatArray, squares: FloatArray, sessions: int) -> FloatArray:
    if sessions < 2:
        return np.zeros_like(total)
    mean = total / sessions
    variance = np.maximum(squares - sessions * mean**2, 0.0) / (sessions - 1)
    spread = np.sqrt(variance)
    found: FloatArray = np.where(
        spread > 1e-12, math.sqrt(_SESSIONS_PER_YEAR) * mean / np.where(spread > 1e-12, spread, 1.0), 0.0
    )
    return found
