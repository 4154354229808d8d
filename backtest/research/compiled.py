"""The rules compiled: whole weights-level backtests of many parameter sets in one native loop.

The loops are the functions of `backtest.kernels`, the same the stages run interpreted; this module only
feeds them arrays. numba is imported when the first backtest runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from backtest import kernels

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
STATISTICS = ("final", "sum", "squares", "downside", "drawdown", "rebalances", "turnover", "last_cell")
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
    kernels.regimes,
    kernels.weight_cases,
    kernels.book_equity,
)


@cache
def backtest_sets() -> Callable[..., None]:
    """Return the compiled loop over parameter sets; it releases the interpreter lock.

    Compiled code is kept beside the source where that folder is writable; its key holds a digest of the
    kernels, so changed rules never meet old machine code. In a read-only installation every process compiles
    anew.
    """
    import numba  # noqa: PLC0415 - a third of a second that only research pays
    from numba.extending import register_jitable  # noqa: PLC0415

    for kernel in _KERNELS:
        register_jitable(error_model="numpy")(kernel)
    digest = hashlib.sha256(Path(str(kernels.__file__)).read_bytes()).hexdigest()
    loop = _loop(digest)
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        compiled: Callable[..., None] = numba.njit(cache=True, **options)(loop)
    except RuntimeError:  # numba found no folder it may write its cache to
        compiled = numba.njit(**options)(loop)
    return compiled


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
        m = len(bond_close)
        size = max(n, m, 1)
        nan = np.nan
        work = np.empty((15, size))
        states = np.empty((5, size), dtype=np.int64)
        ring = np.empty(kernels.RING_MASK + 1)
        rows = np.empty(kernels.RING_MASK + 1, dtype=np.int64)
        for index in range(len(settings)):
            s = settings[index]
            wait = int(s[4])
            window = int(s[10])
            baseline = int(s[11])
            slow_window = int(s[9])
            work[:12] = nan
            innovations = work[0, :n]
            t_norm = work[1, :n]
            fast = work[2, :n]
            slow = work[3, :n]
            sigma = work[4, :n]
            z = work[5, :n]
            bond_fast = work[6, :n]
            bond_slow = work[7, :n]
            own_fast = work[8, :m]
            own_slow = work[9, :m]
            returns = work[10, :n]
            mean = work[11, :n]
            left = work[12]
            right = work[13]
            spare = work[14, :n]
            kernels.kalman_innovations(close, volume, s[0], s[1], s[2], s[3] > 0.0, innovations)
            count = kernels.oscillators(innovations, wait, ring, rows, spare)
            kernels.smoothed_trend(spare, count, wait, int(s[5]), int(s[6]), s[7], left, t_norm)
            kernels.rolling_mean(close, int(s[8]), left, fast)
            kernels.rolling_mean(close, slow_window, left, slow)
            kernels.realised_volatility(close, window, returns, left, right, mean, sigma)
            kernels.volatility_z(sigma, window, baseline, left, right, mean, spare, z)
            if s[20] > 0.0 and m > 0:
                kernels.rolling_mean(bond_close, int(s[18]), left, own_fast)
                kernels.rolling_mean(bond_close, int(s[19]), left, own_slow)
                for t in range(n):
                    if bond_rows[t] >= 0:
                        bond_fast[t] = own_fast[bond_rows[t]]
                        bond_slow[t] = own_slow[bond_rows[t]]
            first = max(slow_window, baseline + window) - 1
            kernels.regimes(
                t_norm,
                z,
                sigma,
                fast,
                slow,
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
            kernels.weight_cases(states[3, :n], bond_fast, bond_slow, first, states[4, :n])
            lag = int(s[22])
            kernels.book_equity(
                states[4, :n],
                first,
                start,
                lag,
                weights[index],
                s[21],
                opens if lag > 0 else closes,
                marks,
                cost,
                statistics[index],
                equity,
            )
            statistics[index, 7] = states[3, n - 1] if n > first else 0.0

    return run
