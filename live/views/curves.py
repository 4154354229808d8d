"""Equity curves of books with their figures: columns for charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

from live.views.equity import steps_of

if TYPE_CHECKING:
    from live.ledger.tables import PerformanceSnapshot
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class Curve:
    """One variant, column by column, oldest session first.

    Attributes:
        equity: account currency at each close, deposits included.
        growth: what a unit at the first close became, less 1; deposits are no growth.
        drawdown: growth against its highest so far, decimal fraction, never positive.
    """

    variant: str
    mode: str
    time: tuple[date, ...]
    equity: tuple[float, ...]
    growth: tuple[float, ...]
    drawdown: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a curve; formulas and units as in `backtest.reporting.metrics`, None where undefined.

    Attributes:
        week, month, year: return since the last close before the present week, month and year.
    """

    variant: str
    mode: str
    first: date
    last: date
    equity: float
    total_return: float
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_sessions: int
    longest_drawdown_sessions: int
    week: float | None
    month: float | None
    year: float | None


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A year of monthly returns, January first; None for months without a close."""

    year: int
    months: tuple[float | None, ...]
    total: float


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """Figures and monthly returns of every variant that has snapshots; paper and live never in one."""

    figures: tuple[Figures, ...]
    months: dict[str, tuple[MonthRow, ...]]


@dataclass(frozen=True, slots=True)
class RollingView:
    """Sharpe ratio and volatility over the last `sessions` sessions, as columns; None before that many."""

    variant: str
    sessions: int
    time: tuple[date, ...]
    sharpe: tuple[float | None, ...]
    volatility: tuple[float | None, ...]


def read_curves(inputs: ViewInputs, since: date | None = None) -> tuple[Curve, ...]:
    """Return the curve of every variant that has snapshots, in the newest mode it was run in."""
    return tuple(_curve(inputs, name, rows) for name, rows in _series(inputs, since))


def read_figures(inputs: ViewInputs) -> PerformanceView:
    """Return the figures of every variant that has at least two snapshots."""
    found = [(name, rows) for name, rows in _series(inputs, None) if len(rows) > 1]
    return PerformanceView(
        figures=tuple(_figures(inputs, name, rows) for name, rows in found),
        months={name: _months(_growth_by_day(inputs, name, rows)) for name, rows in found},
    )


def read_rolling(inputs: ViewInputs, variant: str, sessions: int) -> RollingView:
    """Return rolling figures of one variant."""
    import numpy as np

    from backtest.reporting.metrics import performance

    rows = next((rows for name, rows in _series(inputs, None) if name == variant), ())
    equity = np.array(_growth(inputs, variant, rows))
    sharpe: list[float | None] = []
    volatility: list[float | None] = []
    for place in range(len(rows)):
        begin = place - sessions
        window = None if begin < 0 else performance(equity[begin + 1 : place + 1], float(equity[begin]))
        sharpe.append(None if window is None else window.sharpe)
        volatility.append(None if window is None else window.volatility)
    return RollingView(
        variant, sessions, tuple(row.session for row in rows), tuple(sharpe), tuple(volatility)
    )


def _series(inputs: ViewInputs, since: date | None) -> tuple[tuple[str, Sequence[PerformanceSnapshot]], ...]:
    found = []
    for name in inputs.ledger.snapshots.variants():
        rows = inputs.ledger.snapshots.series(name, since)
        if rows:
            mode = rows[-1].mode
            found.append((name, [row for row in rows if row.mode == mode]))
    return tuple(found)


def _growth(inputs: ViewInputs, variant: str, rows: Sequence[PerformanceSnapshot]) -> list[float]:
    """Return what a unit at the first close was worth at each close; deposits and withdrawals taken out."""
    if not rows:
        return []
    found = [1.0]
    steps = steps_of(rows, inputs.ledger.cash_flows.all(), budget_pct=_budget(inputs, variant))
    for step in steps:
        found.append(found[-1] * (1 + step.made))
    return found


def _budget(inputs: ViewInputs, variant: str) -> float:
    """Return the share of the account a book uses; a shadow has the money of its primary."""
    for book in inputs.settings.books:
        if variant in {book.primary, *book.shadows}:
            return book.budget_pct
    return 100.0


def _curve(inputs: ViewInputs, name: str, rows: Sequence[PerformanceSnapshot]) -> Curve:
    growth, peak, drawdown = _growth(inputs, name, rows), 0.0, []
    for worth in growth:
        peak = max(peak, worth)
        drawdown.append(round(worth / peak - 1, 6) if peak else 0.0)
    return Curve(
        variant=name,
        mode=rows[0].mode,
        time=tuple(row.session for row in rows),
        equity=tuple(round(row.equity, 2) for row in rows),
        growth=tuple(round(worth - 1, 6) for worth in growth),
        drawdown=tuple(drawdown),
    )


def _figures(inputs: ViewInputs, name: str, rows: Sequence[PerformanceSnapshot]) -> Figures:
    import numpy as np

    from backtest.reporting.metrics import performance

    growth = _growth_by_day(inputs, name, rows)
    found = performance(np.array(list(growth.values())[1:]), 1.0)
    today = inputs.today
    year, week, _ = today.isocalendar()
    return Figures(
        variant=name,
        mode=rows[0].mode,
        first=rows[0].session,
        last=rows[-1].session,
        equity=round(rows[-1].equity, 2),
        week=_since(growth, lambda day: day.isocalendar()[:2] < (year, week)),
        month=_since(growth, lambda day: (day.year, day.month) < (today.year, today.month)),
        year=_since(growth, lambda day: day.year < today.year),
        **asdict(found),
    )


def _growth_by_day(
    inputs: ViewInputs, variant: str, rows: Sequence[PerformanceSnapshot]
) -> dict[date, float]:
    return dict(zip([row.session for row in rows], _growth(inputs, variant, rows), strict=True))


def _since(growth: Mapping[date, float], before: Callable[[date], bool]) -> float | None:
    """Return the return since the last close `before` a date; None when there is none."""
    earlier = [worth for day, worth in growth.items() if before(day)]
    return [*growth.values()][-1] / earlier[-1] - 1 if earlier and earlier[-1] else None


def _months(growth: Mapping[date, float]) -> tuple[MonthRow, ...]:
    """Return monthly returns: last close of the month against the last close before it."""
    closes = {(day.year, day.month): worth for day, worth in growth.items()}
    lines: dict[int, list[float | None]] = {}
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    last = next(iter(growth.values()))
    for (year, month), worth in sorted(closes.items()):
        starts.setdefault(year, last)
        lines.setdefault(year, [None] * 12)[month - 1] = round(worth / last - 1, 6) if last else None
        last = ends[year] = worth
    return tuple(
        MonthRow(year, tuple(line), round(ends[year] / starts[year] - 1, 6)) for year, line in lines.items()
    )
