"""Equity curves of every book with figures, months and rolling windows: columns for charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from live.views.figures import MIN_SHARPE_SESSIONS, BookFigures, Curve, read_curve, read_figures

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class CurveColumns:
    """One variant, column by column, oldest session first.

    Attributes:
        equity: account currency at each close, deposits included.
        growth: what a unit at the start became, less 1; deposits are no growth.
        drawdown: growth against its highest so far, decimal fraction, never positive.
    """

    variant: str
    role: str
    time: tuple[date, ...]
    equity: tuple[float, ...]
    growth: tuple[float, ...]
    drawdown: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A year of monthly returns, January first; None for months without a close."""

    year: int
    months: tuple[float | None, ...]
    total: float


@dataclass(frozen=True, slots=True)
class BookRatios:
    """Further figures of a variant over every session it has a close of.

    Attributes:
        sortino, calmar: yearly; None below twenty sessions and where they are not defined.
        costs: commissions and fees of its executed trades, account currency.
    """

    sortino: float | None
    calmar: float | None
    costs: float


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """Figures, further ratios and monthly returns of every variant that has a close."""

    figures: tuple[BookFigures, ...]
    ratios: Mapping[str, BookRatios]
    months: Mapping[str, tuple[MonthRow, ...]]


@dataclass(frozen=True, slots=True)
class RollingView:
    """Sharpe ratio and volatility over the last `sessions` sessions, as columns; None before that many."""

    variant: str
    sessions: int
    time: tuple[date, ...]
    sharpe: tuple[float | None, ...]
    volatility: tuple[float | None, ...]


def read_curves(inputs: ViewInputs, since: date | None = None) -> tuple[CurveColumns, ...]:
    """Return the curve of every variant that has a close, from the session `since` on."""
    return tuple(_columns(name, role, curve, since) for name, role, curve in _curves(inputs))


def read_performance_view(inputs: ViewInputs) -> PerformanceView:
    """Return the figures of every variant that has a close."""
    figures, ratios, months = [], {}, {}
    for name, _, curve in _curves(inputs):
        found = read_figures(inputs.ledger, name, budget_pct=_budget(inputs, name)[1])
        if found is not None:
            figures.append(found)
            ratios[name] = _ratios(inputs, name, curve)
            months[name] = _months(curve)
    return PerformanceView(tuple(figures), ratios, months)


def _ratios(inputs: ViewInputs, variant: str, curve: Curve) -> BookRatios:
    import numpy as np

    from backtest.reporting.metrics import performance

    found = performance(np.array(curve.value), 1.0)
    enough = len(curve.days) >= MIN_SHARPE_SESSIONS
    trades = inputs.ledger.trades.between(None, None)
    costs = sum(float(trade.commission or 0) for trade in trades if trade.variant == variant)
    return BookRatios(
        sortino=found.sortino if enough else None,
        calmar=found.calmar if enough else None,
        costs=round(costs, 2),
    )


def read_rolling(inputs: ViewInputs, variant: str, sessions: int) -> RollingView:
    """Return rolling figures of one variant, no columns when it has no close."""
    import numpy as np

    from backtest.reporting.metrics import returns
    from backtest.reporting.time_series import rolling_sharpe, rolling_volatility

    curve = next((curve for name, _, curve in _curves(inputs) if name == variant), None)
    if curve is None:
        return RollingView(variant, sessions, (), (), ())
    made = returns(np.array(curve.value), 1.0)
    made[0] = np.nan  # the first close has none before it
    return RollingView(
        variant,
        sessions,
        curve.days,
        tuple(None if np.isnan(value) else float(value) for value in rolling_sharpe(made, sessions)),
        tuple(None if np.isnan(value) else float(value) for value in rolling_volatility(made, sessions)),
    )


def _curves(inputs: ViewInputs) -> Iterator[tuple[str, str, Curve]]:
    for name in inputs.ledger.snapshots.variants():
        role, budget = _budget(inputs, name)
        curve = read_curve(inputs.ledger, name, budget_pct=budget)
        if curve is not None:
            yield name, role, curve


def _budget(inputs: ViewInputs, variant: str) -> tuple[str, float]:
    """Return the role of a variant and the share of a deposit that is its own; none of it is a shadow's."""
    for book in inputs.settings.books:
        if variant == book.primary:
            return "primary", book.budget_pct
        if variant in book.shadows:
            return "shadow", 0.0
    return "", 100.0


def _columns(name: str, role: str, curve: Curve, since: date | None) -> CurveColumns:
    rows: list[tuple[date, float, float, float]] = []
    peak = 1.0
    for day, equity, worth in zip(curve.days, curve.equity, curve.value, strict=True):
        peak = max(peak, worth)
        if since is None or day >= since:
            rows.append((day, round(equity, 2), round(worth - 1, 6), round(worth / peak - 1, 6)))
    return CurveColumns(
        variant=name,
        role=role,
        time=tuple(row[0] for row in rows),
        equity=tuple(row[1] for row in rows),
        growth=tuple(row[2] for row in rows),
        drawdown=tuple(row[3] for row in rows),
    )


def _months(curve: Curve) -> tuple[MonthRow, ...]:
    """Return monthly returns: last close of the month against the last close before it."""
    closes = {(day.year, day.month): worth for day, worth in zip(curve.days, curve.value, strict=True)}
    lines: dict[int, list[float | None]] = {}
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    last = 1.0
    for (year, month), worth in sorted(closes.items()):
        starts.setdefault(year, last)
        lines.setdefault(year, [None] * 12)[month - 1] = round(worth / last - 1, 6) if last else None
        last = ends[year] = worth
    return tuple(
        MonthRow(year, tuple(line), round(ends[year] / starts[year] - 1, 6)) for year, line in lines.items()
    )
