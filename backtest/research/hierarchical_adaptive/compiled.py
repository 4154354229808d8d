"""The rules compiled: whole weights-level backtests of many parameter sets in one native loop.

The loops are those of `backtest.indicators.kernels` and of the strategy's own `kernels`, which the stages run
interpreted; this module only feeds them arrays. numba is imported when the first backtest runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from backtest.indicators import kernels
from backtest.research.compiling import compile_loop
from backtest.strategies.hierarchical_adaptive import kernels as rules

#: Columns of the settings matrix, one row per parameter set.
FIELDS = (
    "measurement_noise",
    "process_noise_1",
    "process_noise_2",
    "symmetric",
    "wait",
    "length",
    "second",
    "T_max",
    "sma_fast",
    "sma_slow",
    "realized_vol_window",
    "vol_baseline_window",
    "vol_crush_lookback",
    "t_norm_bull_thresh",
    "t_norm_bear_thresh",
    "upper_thresh_z",
    "lower_thresh_z",
    "vol_crush_threshold",
    "bond_sma_fast",
    "bond_sma_slow",
    "allow_treasury",
    "rebalance_threshold",
    "lag",
)
#: Columns of the statistics matrix.
STATISTICS = ("final", "sum", "squares", "downside", "drawdown", "rebalances", "turnover")
LEGS = 5
_KERNELS = (
    kernels.rolling_mean,
    kernels.rolling_deviation,
    kernels.realised_volatility,
    kernels.volatility_z,
    kernels.kalman_innovations,
    kernels.oscillators,
    kernels.weighted_mean,
    kernels.smoothed_trend,
    rules.regimes,
    rules.weight_cases,
    rules.trade_legs,
    rules.book_equity,
)


@cache
def backtest_sets() -> Callable[..., None]:
    """Return the compiled loop over parameter sets; it releases the interpreter lock.

    Compiled code is kept beside the source where that folder is writable; its key holds a digest of both
    modules of kernels, so changed rules never meet old machine code. In a read-only installation every
    process compiles anew.
    """
    return compile_loop(_loop, (*_KERNELS, _series, _cases), (kernels, rules))


def _series(
    s: Any, close: Any, volume: Any, bond_close: Any, bond_rows: Any, work: Any, ring: Any, rows: Any
) -> None:
    """Fill the series of one parameter set: rows 1 to 7 of `work` as `_cases` reads them."""
    n = len(close)
    m = len(bond_close)
    work[:12] = np.nan
    left = work[12]
    right = work[13]
    spare = work[14, :n]
    kernels.kalman_innovations(close, volume, s[0], s[1], s[2], s[3] > 0.0, work[0, :n])
    wait = int(s[4])
    count = kernels.oscillators(work[0, :n], wait, ring, rows, spare)
    kernels.smoothed_trend(spare, count, wait, int(s[5]), int(s[6]), s[7], left, work[1, :n])
    kernels.rolling_mean(close, int(s[8]), left, work[2, :n])
    kernels.rolling_mean(close, int(s[9]), left, work[3, :n])
    window = int(s[10])
    mean = work[11, :n]
    kernels.realised_volatility(close, window, work[10, :n], left, right, mean, work[4, :n])
    kernels.volatility_z(work[4, :n], window, int(s[11]), left, right, mean, spare, work[5, :n])
    if s[20] > 0.0 and m > 0:
        kernels.rolling_mean(bond_close, int(s[18]), left, work[8, :m])
        kernels.rolling_mean(bond_close, int(s[19]), left, work[9, :m])
        for t in range(n):
            if bond_rows[t] >= 0:
                work[6, t] = work[8, bond_rows[t]]
                work[7, t] = work[9, bond_rows[t]]


def _cases(s: Any, n: int, first: int, work: Any, states: Any) -> None:
    """Fill volatility state, crush, trend, cell and weight case: rows 0 to 4 of `states`."""
    rules.regimes(
        work[1, :n],
        work[5, :n],
        work[4, :n],
        work[2, :n],
        work[3, :n],
        first,
        int(s[12]),
        s[13],
        s[14],
        s[15],
        s[16],
        s[17],
        states[0, :n],
        states[1, :n],
        states[2, :n],
        states[3, :n],
    )
    rules.weight_cases(states[3, :n], work[6, :n], work[7, :n], first, states[4, :n])


def _loop(digest: str) -> Callable[..., None]:
    def run(
        settings: Any,
        weights: Any,
        close: Any,
        volume: Any,
        bond_close: Any,
        bond_rows: Any,
        opens: Any,
        closes: Any,
        marks: Any,
        start: int,
        cost: float,
        statistics: Any,
        equity: Any,
    ) -> None:
        """Run every row of `settings` (shapes: `parameter_sets`); `equity` receives the last one's."""
        if len(digest) == 0:  # the digest is part of the cache key only because it is used
            return
        n = len(close)
        size = max(n, len(bond_close), 1)
        work = np.empty((15, size))
        states = np.empty((5, size), dtype=np.int64)
        ring = np.empty(kernels.RING_MASK + 1)
        rows = np.empty(kernels.RING_MASK + 1, dtype=np.int64)
        for index in range(len(settings)):
            s = settings[index]
            _series(s, close, volume, bond_close, bond_rows, work, ring, rows)
            first = max(int(s[9]), int(s[10]) + int(s[11])) - 1
            _cases(s, n, first, work, states)
            rules.book_equity(
                states[4, :n],
                first,
                start,
                int(s[22]),
                weights[index],
                s[21],
                opens if s[22] > 0.0 else closes,
                marks,
                cost,
                statistics[index],
                equity,
            )

    return run
