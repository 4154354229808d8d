"""How returns are spread and how deep equity falls: figures of risk, each with its definition.

Returns per session, decimal fractions; no risk-free rate; a threshold of 0. Other programs differ: a VaR or
CVaR without a word is often the normal one, an Ulcer index often divides by n - 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from statistics import NormalDist
from typing import Any, Final

import numpy as np

from backtest.core.bars import DateArray, FloatArray
from backtest.core.decision import Json
from backtest.reporting.metrics import drawdowns, performance
from backtest.reporting.metrics import returns as returns_of

_TAIL: Final = 0.05
_NORMAL: Final = NormalDist()
_ROUND: Final = 1e-12


@dataclass(frozen=True, slots=True)
class RiskFigures:
    """Figures of n returns; None where one is not defined (too few returns, nothing to divide by).

    Attributes:
        omega: sum of gains / sum of losses.
        tail_ratio: 95 % quantile / magnitude of the 5 % quantile, linear quantiles.
        var_95: minus the 5 % quantile, linear: a loss that one session in twenty exceeds.
        var_95_normal: -(mean + z sd), the same if returns were normal.
        var_95_cornish_fisher: with z corrected by skewness and excess kurtosis.
        cvar_95: mean loss of the worst 5 %, the last one counted in part.
        cvar_95_normal: -(mean - sd phi(z) / 0.05).
        ulcer: root mean square of the drawdowns. pain: their mean magnitude.
        martin: annual return / ulcer.
        cdar_95: mean magnitude of the deepest ceil(5 % n) drawdowns.
        skewness, excess_kurtosis: unbiased (G1, G2).
        profit_factor: of days: gains / losses. payoff: mean gain / mean loss.
        stability: R^2 of a line through the logarithm of equity.
    """

    omega: float | None
    tail_ratio: float | None
    var_95: float | None
    var_95_normal: float | None
    var_95_cornish_fisher: float | None
    cvar_95: float | None
    cvar_95_normal: float | None
    ulcer: float | None
    pain: float | None
    martin: float | None
    cdar_95: float | None
    skewness: float | None
    excess_kurtosis: float | None
    profit_factor: float | None
    payoff: float | None
    stability: float | None


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall of equity from a peak.

    Attributes:
        peak: session of the peak, None when it is the initial cash.
        trough: session of the lowest equity.
        recovery: first session at or above the peak again, None when there is none yet.
        depth: at the trough, positive decimal fraction.
        sessions: from the peak to the recovery, or to the end.
    """

    peak: date | None
    trough: date
    recovery: date | None
    depth: float
    sessions: int


def risk_figures(returns: FloatArray, annual_return: float | None) -> RiskFigures:
    """Return the figures of returns, shape (n,).

    Args:
        returns: per session.
        annual_return: geometric, for the Martin ratio; None when it is not defined.
    """
    n = len(returns)
    gains, losses = returns[returns > 0], -returns[returns < 0]
    curve = np.asarray(np.cumprod(1.0 + returns), dtype=np.float64)
    falls = -drawdowns(curve, 1.0)
    ulcer = math.sqrt(float(np.mean(falls**2))) if n else None
    low, high = np.quantile(returns, [_TAIL, 1 - _TAIL]) if n else (0.0, 0.0)
    normal = _normal_risk(returns)
    return RiskFigures(
        omega=_ratio(float(gains.sum()), float(losses.sum())),
        tail_ratio=_ratio(abs(float(high)), abs(float(low))),
        var_95=-float(low) if n else None,
        var_95_normal=normal[0],
        var_95_cornish_fisher=_cornish_fisher(returns),
        cvar_95=expected_shortfall(returns) if n else None,
        cvar_95_normal=normal[1],
        ulcer=ulcer,
        pain=float(falls.mean()) if n else None,
        martin=None if annual_return is None or ulcer is None else _ratio(annual_return, ulcer),
        cdar_95=float(np.sort(falls)[::-1][: math.ceil(_TAIL * n)].mean()) if n else None,
        skewness=skewness(returns),
        excess_kurtosis=excess_kurtosis(returns),
        profit_factor=_ratio(float(gains.sum()), float(losses.sum())),
        payoff=_ratio(float(gains.mean()), float(losses.mean())) if len(gains) and len(losses) else None,
        stability=_stability(returns),
    )


def expected_shortfall(returns: FloatArray, share: float = _TAIL) -> float:
    """Return the mean loss of the worst share of at least one return; the last one counts in part."""
    count = share * len(returns)
    whole = math.floor(count)
    worst = np.sort(returns)
    if whole == 0:
        return -float(worst[0])
    rest = count - whole
    return -float(worst[:whole].sum() + rest * worst[min(whole, len(worst) - 1)]) / count


def skewness(returns: FloatArray) -> float | None:
    """Return the unbiased skewness G1; None below three returns or without spread."""
    n, centred = len(returns), _centred(returns)
    second = float(np.mean(centred**2)) if n else 0.0
    if n < 3 or second <= _ROUND**2:
        return None
    biased = float(np.mean(centred**3)) / math.pow(second, 1.5)
    return biased * math.sqrt(n * (n - 1)) / (n - 2)


def excess_kurtosis(returns: FloatArray) -> float | None:
    """Return the unbiased excess kurtosis G2; None below four returns or without spread."""
    n, centred = len(returns), _centred(returns)
    second = float(np.mean(centred**2)) if n else 0.0
    if n < 4 or second <= _ROUND**2:
        return None
    biased = float(np.mean(centred**4)) / second**2 - 3.0
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased + 6.0)


def deepest_drawdowns(
    equity: FloatArray, dates: DateArray, initial: float, most: int = 10
) -> tuple[Drawdown, ...]:
    """Return the deepest falls from a peak, the deepest first.

    Args:
        equity: shape (n,), positive.
        dates: shape (n,), its sessions.
        initial: equity before the first session.
        most: how many at most.
    """
    falls = drawdowns(equity, initial)
    under = np.concatenate([[False], falls < 0.0, [False]])
    begins = np.flatnonzero(~under[:-1] & under[1:])
    ends = np.flatnonzero(under[:-1] & ~under[1:])
    found = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        trough = begin + int(np.argmin(falls[begin:end]))
        recovered = end < len(equity)
        found.append(
            Drawdown(
                peak=dates[begin - 1].item() if begin else None,
                trough=dates[trough].item(),
                recovery=dates[end].item() if recovered else None,
                depth=-float(falls[trough]),
                sessions=(end if recovered else len(equity) - 1) - (begin - 1),
            )
        )
    return tuple(sorted(found, key=lambda fall: -fall.depth)[:most])


def monthly_returns(returns: FloatArray, dates: DateArray) -> dict[int, dict[int, float]]:
    """Return the compounded return by year and month (1 to 12); months without a session are left out."""
    found: dict[int, dict[int, float]] = {}
    months = dates.astype("datetime64[M]")
    for month in np.unique(months):
        year, number = divmod(int(month.astype(int)), 12)
        change = float(np.prod(1.0 + returns[months == month]) - 1.0)
        found.setdefault(year + 1970, {})[number + 1] = change
    return found


def risk_document(equity: FloatArray, dates: DateArray, initial: float) -> Json:
    """Return all of this module as one JSON document: `risk`, `drawdowns`, `monthly_returns`.

    Args:
        equity: shape (n,), per session.
        dates: shape (n,), its sessions.
        initial: equity before the first session.
    """
    changes = returns_of(equity, initial)
    falls = deepest_drawdowns(equity, dates, initial) if (equity > 0).all() else ()
    return {
        "risk": asdict(risk_figures(changes, performance(equity, initial).annual_return)),
        "drawdowns": [_plain(asdict(fall)) for fall in falls],
        "monthly_returns": {
            str(year): {str(month): value for month, value in months.items()}
            for year, months in monthly_returns(changes, dates).items()
        },
    }


def _plain(fields: Mapping[str, Any]) -> Json:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in fields.items()}


def _centred(returns: FloatArray) -> FloatArray:
    return returns - returns.mean() if len(returns) else returns


def _normal_risk(returns: FloatArray) -> tuple[float | None, float | None]:
    if len(returns) < 2:
        return None, None
    mean, spread, z = float(returns.mean()), float(returns.std(ddof=1)), _NORMAL.inv_cdf(_TAIL)
    return -(mean + z * spread), -(mean - spread * _NORMAL.pdf(z) / _TAIL)


def _cornish_fisher(returns: FloatArray) -> float | None:
    skew, kurtosis = skewness(returns), excess_kurtosis(returns)
    if skew is None or kurtosis is None:
        return None
    z = _NORMAL.inv_cdf(_TAIL)
    z += (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    return -(float(returns.mean()) + z * float(returns.std(ddof=1)))


def _stability(returns: FloatArray) -> float | None:
    if len(returns) < 2 or (returns <= -1.0).any():
        return None
    logs = np.cumsum(np.log1p(returns))
    if logs.std() <= _ROUND:
        return None
    return float(np.corrcoef(np.arange(len(logs)), logs)[0, 1] ** 2)


def _ratio(value: float, divisor: float) -> float | None:
    return value / divisor if divisor > _ROUND else None
