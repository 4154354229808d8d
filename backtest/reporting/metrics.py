"""Performance figures, each with its formula. Plain arrays in, plain numbers out; numpy only.

Conventions: decimal fractions (0.12 is 12 %), 252 sessions a year. Sharpe and Sortino subtract no risk-free
rate and Sortino's target is 0, for strategy and benchmark alike and in every report of the project, so that
they can be compared; uninvested cash earns nothing in the simulation either. The return of a session is r_t
= E_t / E_(t-1) - 1, where E_0 is the initial cash, so the costs of the first session count. A figure that is
not defined (no trades, constant equity, a single session) is None, never NaN or infinite. Sums are exact
before they are rounded once (`math.fsum`), so the last digit depends on no processor or BLAS library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.decision import Json
from backtest.simulator.allocation.result import Result

SESSIONS_PER_YEAR = 252
_LARGEST_EXPONENT = 700.0
_ROUND = 1e-12
"""A spread below this is rounding noise of a constant series, not risk."""


@dataclass(frozen=True, slots=True)
class Performance:
    """Figures of an equity curve of n sessions.

    Attributes:
        total_return: E_n / E_0 - 1.
        annual_return: (E_n / E_0) ^ (252 / n) - 1; None when E_n <= 0 or the power overflows.
        volatility: sqrt(252) * sample standard deviation (ddof 1) of r; None below two sessions.
        sharpe: sqrt(252) * mean(r) / standard deviation(r, ddof 1); None without spread.
        sortino: sqrt(252) * mean(r) / sqrt(mean(min(r, 0)^2)); None without a losing session.
        calmar: annual_return / -max_drawdown; None without a drawdown.
        max_drawdown: min over t of E_t / max(E_0 .. E_t) - 1, zero or negative.
        max_drawdown_sessions: sessions from the peak of that drawdown until equity is back at the peak, or
            until the end when it never is; 0 without a drawdown.
        longest_drawdown_sessions: the most sessions between a peak and its recovery (or the end).
    """

    total_return: float
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_sessions: int
    longest_drawdown_sessions: int


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """Figures of the realised gains and losses.

    Attributes:
        trades: fills.
        closing_trades: sales; each realises its cash flow minus quantity times the average price paid.
        win_rate: sales with a gain / sales; None without sales.
        gross_profit: sum of all positive realised amounts.
        gross_loss: minus the sum of all negative ones (commissions of purchases are negative amounts).
        profit_factor: gross_profit / gross_loss; None without a loss.
        average_win: mean gain of the winning sales; None without one.
        average_loss: mean loss of the losing sales, negative; None without one.
        costs: commissions paid.
    """

    trades: int
    closing_trades: int
    win_rate: float | None
    gross_profit: float
    gross_loss: float
    profit_factor: float | None
    average_win: float | None
    average_loss: float | None
    costs: float


@dataclass(frozen=True, slots=True)
class BenchmarkComparison:
    """Strategy returns s against benchmark returns b, both per session.

    Attributes:
        symbol: what was bought and held.
        performance: the same figures for the benchmark.
        excess_annual_return: annual return of the strategy minus that of the benchmark.
        beta: cov(s, b) / var(b); None when b is constant.
        alpha: 252 * (mean(s) - beta * mean(b)), a year.
        correlation: Pearson; None when either is constant.
        tracking_error: sqrt(252) * standard deviation (ddof 1) of s - b.
        information_ratio: 252 * mean(s - b) / tracking_error; None without tracking error.
    """

    symbol: str
    performance: Performance
    excess_annual_return: float | None
    beta: float | None
    alpha: float | None
    correlation: float | None
    tracking_error: float | None
    information_ratio: float | None


def returns(equity: FloatArray, initial: float) -> FloatArray:
    """Return r_t per session, shape (n,); 0 for a session that starts with no equity."""
    before = np.concatenate(([initial], equity[:-1]))
    safe = np.where(before > 0, before, 1.0)
    changes: FloatArray = np.where(before > 0, equity / safe - 1, 0.0)
    return changes


def drawdowns(equity: FloatArray, initial: float) -> FloatArray:
    """Return E_t / max(E_0 .. E_t) - 1 per session, shape (n,), zero or negative."""
    peaks = np.maximum(np.maximum.accumulate(equity), initial)
    fall: FloatArray = equity / peaks - 1
    return fall


def performance(equity: FloatArray, initial: float) -> Performance:
    """Return the figures of an equity curve.

    Args:
        equity: shape (n,), value at the close of each session; n >= 0.
        initial: value before the first session, positive.
    """
    n = len(equity)
    if not n:
        return Performance(0.0, None, None, None, None, None, 0.0, 0, 0)
    changes = returns(equity, initial)
    growth = float(equity[-1]) / initial
    annual = _annual(growth, n)
    spread = _spread(changes)
    downside = math.sqrt(_mean(np.minimum(changes, 0.0) ** 2))
    mean = _mean(changes)
    deepest = float(np.min(drawdowns(equity, initial)))
    at_deepest, longest = _drawdown_lengths(equity, initial)
    root = math.sqrt(SESSIONS_PER_YEAR)
    return Performance(
        total_return=growth - 1,
        annual_return=annual,
        volatility=None if spread is None else root * spread,
        sharpe=root * mean / spread if spread else None,
        sortino=root * mean / downside if downside > _ROUND else None,
        calmar=annual / -deepest if annual is not None and deepest < 0 else None,
        max_drawdown=min(deepest, 0.0),
        max_drawdown_sessions=at_deepest,
        longest_drawdown_sessions=longest,
    )


def trade_statistics(
    pnls: Sequence[float], closing: Sequence[bool], *, costs: float = 0.0
) -> TradeStatistics:
    """Return the figures of realised amounts.

    Args:
        pnls: realised amount per fill, in the order of the fills.
        closing: per fill whether it sold.
        costs: commissions, reported as they are.
    """
    closed = [pnl for pnl, sold in zip(pnls, closing, strict=True) if sold]
    wins, losses = [pnl for pnl in closed if pnl > 0], [pnl for pnl in closed if pnl < 0]
    profit = math.fsum(pnl for pnl in pnls if pnl > 0)
    loss = -math.fsum(pnl for pnl in pnls if pnl < 0)
    return TradeStatistics(
        trades=len(pnls),
        closing_trades=len(closed),
        win_rate=len(wins) / len(closed) if closed else None,
        gross_profit=round(profit, 2),
        gross_loss=round(loss, 2) + 0.0,
        profit_factor=profit / loss if loss > 0 else None,
        average_win=math.fsum(wins) / len(wins) if wins else None,
        average_loss=math.fsum(losses) / len(losses) if losses else None,
        costs=round(costs, 2),
    )


def compare(equity: FloatArray, initial: float, benchmark: FloatArray, *, symbol: str) -> BenchmarkComparison:
    """Compare an equity curve with a benchmark that starts with the same amount; both shape (n,)."""
    own, other = returns(equity, initial), returns(benchmark, initial)
    mine, theirs = performance(equity, initial), performance(benchmark, initial)
    spread_own, spread_other, error = _spread(own), _spread(other), _spread(own - other)
    beta = correlation = alpha = None
    if spread_own is not None and spread_other:
        covariance = _covariance(own, other)
        beta = covariance / spread_other**2
        alpha = SESSIONS_PER_YEAR * (_mean(own) - beta * _mean(other))
        correlation = covariance / (spread_own * spread_other) if spread_own else None
    tracking = None if error is None else math.sqrt(SESSIONS_PER_YEAR) * error
    excess = None
    if mine.annual_return is not None and theirs.annual_return is not None:
        excess = mine.annual_return - theirs.annual_return
    return BenchmarkComparison(
        symbol=symbol,
        performance=theirs,
        excess_annual_return=excess,
        beta=beta,
        alpha=alpha,
        correlation=correlation,
        tracking_error=tracking,
        information_ratio=SESSIONS_PER_YEAR * _mean(own - other) / tracking if tracking else None,
    )


def turnover(values: Sequence[float], equity: FloatArray) -> float | None:
    """Return the one-way turnover a year: half the traded value / mean equity * 252 / n.

    Args:
        values: traded value per fill, positive.
        equity: shape (n,).
    """
    if not len(equity) or _mean(equity) <= 0:
        return None
    return math.fsum(values) / 2 / _mean(equity) * SESSIONS_PER_YEAR / len(equity)


def exposure(weights: Mapping[str, FloatArray]) -> tuple[float | None, float | None]:
    """Return the mean invested fraction of equity and the fraction of sessions with any position."""
    columns = list(weights.values())
    if not columns or not len(columns[0]):
        return None, None
    invested = np.sum(columns, axis=0)
    return _mean(invested), int(np.sum(invested > 0)) / len(invested)


def summarise(result: Result) -> Json:
    """Return every figure of a simulation as one JSON document, in a fixed order (metrics.json)."""
    trades = result.trades
    statistics = trade_statistics(
        [trade.realised_pnl for trade in trades],
        [trade.side == "sell" for trade in trades],
        costs=math.fsum(trade.commission for trade in trades),
    )
    invested, in_market = exposure(result.weights)
    benchmark = None
    if result.benchmark is not None and result.benchmark_symbol is not None:
        benchmark = asdict(
            compare(result.equity, result.initial_cash, result.benchmark, symbol=result.benchmark_symbol)
        )
    n = len(result.dates)
    values = [trade.quantity * trade.fill_price for trade in trades]
    return {
        "strategy": result.strategy,
        "variant": result.variant,
        "start": result.dates[0].item().isoformat() if n else None,
        "end": result.dates[-1].item().isoformat() if n else None,
        "sessions": n,
        "initial_cash": result.initial_cash,
        "final_equity": float(result.equity[-1]) if n else result.initial_cash,
        "final_cash": float(result.cash[-1]) if n else result.initial_cash,
        **asdict(performance(result.equity, result.initial_cash)),
        **asdict(statistics),
        "turnover": turnover(values, result.equity),
        "exposure": invested,
        "time_in_market": in_market,
        "mean_rounding_cash": _mean_where_positive(result.rounding_cash),
        "max_rounding_cash": float(np.max(result.rounding_cash)) if n else 0.0,
        "benchmark": benchmark,
        "warnings": len(result.warnings),
    }


def _annual(growth: float, sessions: int) -> float | None:
    if growth <= 0:
        return None
    exponent = math.log(growth) * SESSIONS_PER_YEAR / sessions
    return growth ** (SESSIONS_PER_YEAR / sessions) - 1 if exponent < _LARGEST_EXPONENT else None


def _mean_where_positive(values: FloatArray) -> float:
    """Mean over the sessions that planned trades (the others left nothing by rounding)."""
    planned = values[values > 0]
    return round(_mean(planned), 2) if len(planned) else 0.0


def _mean(values: FloatArray) -> float:
    return math.fsum(values.tolist()) / len(values)


def _covariance(one: FloatArray, two: FloatArray) -> float:
    """Sample covariance (ddof 1) of two series of the same length, at least two values."""
    products = (one - _mean(one)) * (two - _mean(two))
    return math.fsum(products.tolist()) / (len(one) - 1)


def _spread(values: FloatArray) -> float | None:
    """Sample standard deviation; 0.0 for rounding noise, None below two values."""
    if len(values) < 2:
        return None
    deviation = math.sqrt(_covariance(values, values))
    return deviation if deviation > _ROUND else 0.0


def _drawdown_lengths(equity: FloatArray, initial: float) -> tuple[int, int]:
    """Return the length of the deepest drawdown and of the longest one, in sessions from the peak.

    A peak is the newest session at the highest value so far; the initial cash is session -1.
    """
    peak, peak_at = initial, -1
    deepest, deepest_length, longest = 0.0, 0, 0
    deepest_is_open = False
    for at, value in enumerate(equity.tolist()):
        length = at - peak_at
        if value < peak:
            longest = max(longest, length)
            fall = value / peak - 1
            if fall < deepest:
                deepest, deepest_is_open = fall, True
            if deepest_is_open:
                deepest_length = length
            continue
        if length > 1:
            longest = max(longest, length)
        if deepest_is_open:
            deepest_length, deepest_is_open = length, False
        peak, peak_at = value, at
    return deepest_length, longest
