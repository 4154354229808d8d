"""How much of the benchmark's rises and falls a strategy takes, and what a trade is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray

_ROUND: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Captures:
    """Mean return on sessions on which the benchmark rose (fell) over the benchmark's own mean on them.

    None where it never rose (fell). Ratios of compounded returns would depend on how many sessions there are.
    """

    up: float | None
    down: float | None


@dataclass(frozen=True, slots=True)
class TradeQuality:
    """Figures of closed trades.

    Attributes:
        expectancy: mean realised amount; None without any.
        system_quality: SQN (V. Tharp), sqrt(n) * mean / sample deviation; None below two trades or where
            they do not differ.
    """

    expectancy: float | None
    system_quality: float | None


def captures(returns: FloatArray, others: FloatArray) -> Captures:
    """Return the capture ratios of returns against those of a benchmark, both shape (n,)."""
    return Captures(_share(returns, others, others > 0.0), _share(returns, others, others < 0.0))


def trade_quality(pnls: Sequence[float]) -> TradeQuality:
    """Return the figures of realised amounts, one per closed trade."""
    if not pnls:
        return TradeQuality(None, None)
    values = np.array(pnls)
    mean = math.fsum(pnls) / len(pnls)
    spread = float(values.std(ddof=1)) if len(pnls) > 1 else 0.0
    return TradeQuality(mean, math.sqrt(len(pnls)) * mean / spread if spread > _ROUND else None)


def recovery_factor(total_return: float, max_drawdown: float) -> float | None:
    """Return total return over the magnitude of the deepest drawdown; None without one."""
    return total_return / -max_drawdown if max_drawdown < -_ROUND else None


def _share(
    returns: FloatArray, others: FloatArray, wanted: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> float | None:
    if not wanted.any():
        return None
    return float(returns[wanted].mean() / others[wanted].mean())
