"""How much of a strategy luck alone would show: every one is the best of many that were tried."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backtest.research.opening_range_breakout.discovery import Candidate
from backtest.research.overfitting.sharpe import SharpeSample, deflated_sharpe, sample_of
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey

#: A probability of skill below this is no finding.
LEAST_DSR = 0.95


def deflated(candidates: Sequence[Candidate]) -> dict[StrategyKey, float | None]:
    """Return the deflated Sharpe ratio of every strategy tried: the probability that it has skill.

    Ratios are of results in R per trade, scratches included. The yardstick is what the luckiest of all that
    were tried would show, by the spread of their ratios. None where a strategy has fewer than three trades,
    or results that do not vary.
    """
    samples = {one.key: _sample(one) for one in candidates}
    ratios = [sample.ratio for sample in samples.values() if sample is not None]
    deviation = float(np.std(ratios, ddof=1)) if len(ratios) > 1 else 0.0
    return {
        key: None if sample is None else round(deflated_sharpe(sample, deviation, len(candidates)), 6)
        for key, sample in samples.items()
    }


def _sample(candidate: Candidate) -> SharpeSample | None:
    return sample_of(np.array([trade.result_r for trade in candidate.trades]))
