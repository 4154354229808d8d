"""Does the best of many models beat the benchmark, or only luck? Tests of data snooping by bootstrap.

d = model minus benchmark return. H. White, Econometrica 68 (2000): Reality Check. P. Hansen, J. Business &
Economic Statistics 23 (2005): SPA, studentised, with three ways to centre. J. Romano and M. Wolf,
Econometrica 73 (2005): StepM. SPA and StepM are our own: the library that has them
(arch 8.0.0) ignores `studentize`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.core.errors import UsageError
from backtest.research.overfitting.bootstrap import resampled_counts

DRAWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class PValues:
    """The p-value with the three ways to centre the models; `consistent` is the one to quote."""

    lower: float
    consistent: float
    upper: float


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Bootstrapped means of the models' excess returns.

    Attributes:
        periods: length of the series.
        means: shape (models,), of the sample.
        drawn: shape (draws, models), of the resamples.
        deviations: shape (models,), bootstrap deviation of sqrt(n) * mean.
    """

    periods: int
    means: FloatArray
    drawn: FloatArray
    deviations: FloatArray

    @classmethod
    def of(cls, excess: FloatArray, *, block: float, draws: int = DRAWS, seed: int = 0) -> Resampled:
        """Draw the means of excess returns, shape (periods, models).

        Raises:
            UsageError: no models, or fewer than 10 periods.
        """
        periods, models = excess.shape
        if models < 1 or periods < 10:
            raise UsageError(f"{models} models over {periods} periods are too few", where="bootstrap")
        drawn = resampled_counts(periods, block, draws, seed) @ excess / periods
        return cls(periods, excess.mean(axis=0), drawn, math.sqrt(periods) * drawn.std(axis=0))

    def studentised(self, values: FloatArray) -> FloatArray:
        """Return sqrt(n) * values / deviation; 0 for a model that does not vary."""
        found: FloatArray = np.zeros(np.broadcast(values, self.deviations).shape)
        scaled = math.sqrt(self.periods) * values
        np.divide(
            scaled, self.deviations, out=found, where=np.broadcast_to(self.deviations > 1e-15, found.shape)
        )
        return found


def reality_check(resampled: Resampled) -> float:
    """Return the p-value of White's Reality Check: share of max (m* - m) that reaches max m."""
    statistic = resampled.means.max()
    return float(((resampled.drawn - resampled.means).max(axis=1) >= statistic).mean())


def superior_predictive_ability(resampled: Resampled) -> PValues:
    """Return the p-values of Hansen's test: share of max(0, max (m* - centre)) that reaches max(0, max m).

    All studentised.
    """
    means, n = resampled.means, resampled.periods
    statistic = max(0.0, float(resampled.studentised(means).max()))
    bound = -resampled.deviations / math.sqrt(n) * math.sqrt(2.0 * math.log(math.log(n)))
    centres = (np.maximum(means, 0.0), np.where(means >= bound, means, 0.0), means)
    lower, consistent, upper = (
        float(
            (np.maximum(resampled.studentised(resampled.drawn - centre).max(axis=1), 0.0) >= statistic).mean()
        )
        for centre in centres
    )
    return PValues(lower, consistent, upper)


def stepwise_superior(resampled: Resampled, alpha: float = 0.05) -> NDArray[np.int64]:
    """Return the models that beat the benchmark with at most `alpha` chance of any false one (StepM).

    Studentised; after each round those rejected leave, and the rest is judged against a lower limit.
    """
    statistics = resampled.studentised(resampled.means)
    drawn = resampled.studentised(resampled.drawn - resampled.means)
    left = np.arange(len(statistics))
    superior: list[int] = []
    while len(left):
        limit = float(np.quantile(drawn[:, left].max(axis=1), 1.0 - alpha))
        rejected = left[statistics[left] > limit]
        if not len(rejected):
            break
        superior += rejected.tolist()
        left = left[statistics[left] <= limit]
    return np.array(sorted(superior), dtype=np.int64)
