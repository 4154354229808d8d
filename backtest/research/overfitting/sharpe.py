"""How sure a Sharpe ratio is, alone and as the best of many.

Everywhere: Sharpe ratios per period (not annual), population skewness and kurtosis (normal: 0 and 3), no
risk-free rate. Sources: D. Bailey and M. Lopez de Prado, The Sharpe Ratio Efficient Frontier (2012) and The
Deflated Sharpe Ratio (2014); Bailey, Borwein, Lopez de Prado, Zhu, Notices of the AMS 61 (2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.errors import UsageError

EULER: Final = 0.5772156649015329
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class SharpeSample:
    """The Sharpe ratio of one series of returns with what its error depends on.

    Attributes:
        ratio: mean / sample deviation (ddof 1), per period.
        periods: how many returns.
        skewness, kurtosis: of the population; a normal distribution has 0 and 3.
    """

    ratio: float
    periods: int
    skewness: float = 0.0
    kurtosis: float = 3.0

    @property
    def spread(self) -> float:
        """The factor 1 - g3 SR + (g4 - 1)/4 SR^2 of its variance."""
        return 1.0 - self.skewness * self.ratio + (self.kurtosis - 1.0) / 4.0 * self.ratio**2


def sample_of(returns: FloatArray) -> SharpeSample | None:
    """Return the Sharpe ratio of returns, shape (periods,); None when they hardly vary or are too few."""
    if len(returns) < 3:
        return None
    centred = returns - returns.mean()
    second = float(np.mean(centred**2))
    if not second > 1e-24:
        return None
    found = SharpeSample(
        ratio=float(returns.mean() / returns.std(ddof=1)),
        periods=len(returns),
        skewness=float(np.mean(centred**3)) / second**1.5,
        kurtosis=float(np.mean(centred**4)) / second**2,
    )
    return found if found.spread > 0.0 else None


def probabilistic_sharpe(sample: SharpeSample, benchmark: float = 0.0) -> float:
    """Return the probability (PSR) that the true ratio is above `benchmark`, per period.

    Raises:
        UsageError: moments that no sample has (their spread is not above 0).
    """
    _require_spread(sample)
    return _NORMAL.cdf((sample.ratio - benchmark) * math.sqrt(sample.periods - 1) / math.sqrt(sample.spread))


def minimum_track_record(sample: SharpeSample, benchmark: float = 0.0, alpha: float = 0.05) -> float:
    """Return how many periods (MinTRL) show at 1 - alpha that the ratio is above `benchmark`, or inf.

    Raises:
        UsageError: as `probabilistic_sharpe`.
    """
    _require_spread(sample)
    if sample.ratio <= benchmark:
        return math.inf
    return 1.0 + sample.spread * (_NORMAL.inv_cdf(1.0 - alpha) / (sample.ratio - benchmark)) ** 2


def expected_maximum(trials: float) -> float:
    """Return about the expected largest of `trials` standard normal values; 0 for one trial.

    (1 - c) Z(1 - 1/N) + c Z(1 - 1/(N e)), c being Euler's constant.
    """
    if trials <= 1.0:
        return 0.0
    return (1.0 - EULER) * _NORMAL.inv_cdf(1.0 - 1.0 / trials) + EULER * _NORMAL.inv_cdf(
        1.0 - 1.0 / (trials * math.e)
    )


def luckiest_sharpe(deviation: float, trials: float) -> float:
    """Return the ratio (SR0) that the luckiest of `trials` without skill is expected to show.

    Args:
        deviation: standard deviation of the ratios of the trials, per period.
        trials: how many were tried.
    """
    return deviation * expected_maximum(trials)


def deflated_sharpe(sample: SharpeSample, deviation: float, trials: float) -> float:
    """Return the probability (DSR) that the best of `trials` has skill: PSR against `luckiest_sharpe`."""
    return probabilistic_sharpe(sample, luckiest_sharpe(deviation, trials))


def minimum_backtest_length(trials: float, target: float = 1.0) -> float:
    """Return the years (MinBTL) below which the luckiest of `trials` shows an annual ratio of `target`."""
    return (expected_maximum(trials) / target) ** 2


def independent_trials(trials: float, mean_correlation: float) -> float:
    """Return about how many independent trials correlated ones stand for: r + (1 - r) N, r cut to [0, 1]."""
    correlation = min(max(mean_correlation, 0.0), 1.0)
    return correlation + (1.0 - correlation) * trials


def mean_correlation(returns: FloatArray) -> float | None:
    """Return the mean correlation between the columns of returns, shape (periods, trials); None below two.

    Columns that do not vary are left out.
    """
    centred = returns - returns.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    varying = norms > 1e-12
    count = int(varying.sum())
    if count < 2:
        return None
    total = (centred[:, varying] / norms[varying]).sum(axis=1)
    return float((total @ total - count) / (count * (count - 1)))


def _require_spread(sample: SharpeSample) -> None:
    if not sample.spread > 0.0 or sample.periods < 2:
        raise UsageError(f"no sample has these moments: {sample}")
