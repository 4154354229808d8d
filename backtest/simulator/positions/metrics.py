"""Figures of a simulated book: results, reasons, capital need, marked-to-market equity and drawdown."""

from __future__ import annotations

from collections import Counter
from typing import Any

from backtest.simulator.positions.model import PortfolioResult, PortfolioRules


def summary(result: PortfolioResult, rules: PortfolioRules) -> dict[str, Any]:
    """Return the figures of a run, money rounded to cents, percentages to 2 decimals.

    The book keeps no cash: capital is `max_positions` x `position_size`, equity is that plus the profit taken
    and the open profit at each close. Drawdown is the largest fall from a peak of that equity, the capital
    before the first session included. Peak positions are the most held at one time, also within a session:
    one that is stopped out on the day it was opened needed its money.
    """
    results = [round(trade.pnl, 2) for trade in result.trades]
    wins = [pnl for pnl in results if pnl > 0]
    losses = -sum(pnl for pnl in results if pnl < 0)
    capital = rules.capital
    return {
        "trades": len(results),
        "skipped": len(result.skipped),
        "total_pnl": round(sum(results), 2),
        "profit_factor": round(sum(wins) / losses, 4) if losses else None,
        "win_rate": round(len(wins) / len(results) * 100, 2) if results else None,
        "exit_reasons": _counts(trade.reason for trade in result.trades),
        "skip_reasons": _counts(skip.reason for skip in result.skipped),
        **(_book_figures(result, rules, capital) if result.equity else {}),
    }


def _book_figures(result: PortfolioResult, rules: PortfolioRules, capital: float) -> dict[str, Any]:
    peak_positions = max(point.most_positions for point in result.equity)
    fall = max_drawdown([capital, *equity_series(result, capital)])
    return {
        "capital": round(capital, 2),
        "peak_positions": peak_positions,
        "capital_needed": round(peak_positions * rules.position_size, 2),
        "max_drawdown": round(fall, 2),
        "max_drawdown_pct_of_capital": round(fall / capital * 100, 2),
    }


def equity_series(result: PortfolioResult, capital: float) -> list[float]:
    """Return capital plus taken and open profit at every close."""
    return [capital + point.realized + point.unrealized for point in result.equity]


def max_drawdown(equity: list[float]) -> float:
    """Return the largest fall below an earlier peak, as a positive amount."""
    peak, fall = equity[0], 0.0
    for value in equity:
        peak = max(peak, value)
        fall = max(fall, peak - value)
    return fall


def _counts(reasons: Any) -> dict[str, int]:
    return dict(sorted(Counter(reasons).items()))
