"""Primary against its shadows, and the criteria of a switch.

Source of the criteria: the switching rule of the strategies' founding documents (90 days or 100 trades,
profit factor +0.10, drawdown not worse, profit +3 %).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from backtest.reporting.metrics import performance
from live.views.figures import read_curve

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.settings.model import BookSettings
    from live.views.inputs import ViewInputs

MIN_DAYS: Final = 90
MIN_TRADES: Final = 100
MIN_PROFIT_FACTOR_GAIN: Final = 0.10
MIN_RETURN_GAIN: Final = 0.03


@dataclass(frozen=True, slots=True)
class Record:
    """What a book did over a stretch of sessions.

    Attributes:
        variant, role: whose book.
        first, last: sessions compared; sessions: how many; days: calendar days between them.
        total_return: last equity / first equity - 1, decimal fraction, net of deposits.
        max_drawdown: worst equity / highest so far - 1 inside the stretch, never positive.
        trades: closing fills after the first session (the first equity already contains its own).
        profit_factor: sum of gains / sum of losses of those; None without losses or without trades.
        gains, losses: those sums, account currency, both positive.
    """

    variant: str
    role: str
    first: date
    last: date
    sessions: int
    days: int
    total_return: float
    max_drawdown: float
    trades: int
    profit_factor: float | None
    gains: float
    losses: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition for switching; `met` is None while it cannot be judged."""

    name: str
    met: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A shadow beside its primary over the sessions both have.

    Attributes:
        records: the primary's, the shadow's; empty below two shared sessions.
        criteria: what a switch needs. switch: whether all are met, None while nothing can be compared.
        sessions: how many are shared.
    """

    primary: str
    shadow: str
    records: tuple[Record, ...]
    criteria: tuple[Criterion, ...]
    switch: bool | None
    sessions: int


@dataclass(frozen=True, slots=True)
class CompareView:
    """One comparison per shadow of every daily book, and of those on request that ever ran."""

    comparisons: tuple[Comparison, ...]


def read_comparisons(inputs: ViewInputs, since: date | None, until: date | None = None) -> CompareView:
    """Compare every shadow in use with its primary from `since` (None: the first) to `until` (the newest)."""
    return CompareView(
        tuple(
            _one(inputs.ledger, book, shadow, since, until)
            for book in inputs.settings.books
            if book.run == "daily" or inputs.ledger.runs.recent(1, book.primary)
            for shadow in book.shadows
        )
    )


def _one(
    ledger: Ledger, book: BookSettings, shadow: str, since: date | None, until: date | None
) -> Comparison:
    primary = book.primary
    curves = [
        _values(ledger, name, share, since, until)
        for name, share in ((primary, book.budget_pct), (shadow, 0.0))
    ]
    shared = sorted(curves[0].keys() & curves[1].keys())
    if len(shared) < 2:
        return Comparison(primary, shadow, (), (), None, len(shared))
    pnls = (_live_pnls(ledger, primary, shared), _shadow_pnls(ledger, shadow, shared))
    ours, theirs = (
        record(name, role, shared, [curve[day] for day in shared], pnl)
        for name, role, curve, pnl in zip((primary, shadow), ("primary", "shadow"), curves, pnls, strict=True)
    )
    judged = criteria(ours, theirs)

    return Comparison(
        primary=primary,
        shadow=shadow,
        records=(ours, theirs),
        criteria=judged,
        switch=all(criterion.met is True for criterion in judged),
        sessions=len(shared),
    )


def _values(
    ledger: Ledger, name: str, budget_pct: float, since: date | None, until: date | None
) -> dict[date, float]:
    """Return session -> what 1 became: a deposit is no profit, and a virtual book gets none."""
    curve = read_curve(ledger, name, until=until, budget_pct=budget_pct)
    if curve is None:
        return {}
    known = zip(curve.days, curve.value, strict=True)
    return {day: value for day, value in known if since is None or day >= since}


def record(
    variant: str, role: str, sessions: Sequence[date], equity: Sequence[float], pnls: Sequence[float]
) -> Record:
    """Return the record of a book.

    Args:
        variant: name of the book.
        role: primary or shadow.
        sessions: at least two, ascending.
        equity: at the close of each, or what 1 became by then.
        pnls: realised amounts of closing fills in these sessions.
    """
    found = performance(np.array(equity[1:]), equity[0])
    gains = math.fsum(pnl for pnl in pnls if pnl > 0)
    losses = -math.fsum(pnl for pnl in pnls if pnl < 0)

    return Record(
        variant=variant,
        role=role,
        first=sessions[0],
        last=sessions[-1],
        sessions=len(sessions),
        days=(sessions[-1] - sessions[0]).days,
        total_return=found.total_return,
        max_drawdown=found.max_drawdown,
        trades=len(pnls),
        profit_factor=gains / losses if losses > 0 else None,
        gains=round(gains, 2),
        losses=round(losses, 2) + 0.0,
    )


def criteria(primary: Record, shadow: Record) -> tuple[Criterion, ...]:
    """Judge the four conditions; all of them must be met to justify a switch."""
    trades = min(primary.trades, shadow.trades)
    gain = shadow.total_return - primary.total_return

    return (
        Criterion(
            "enough evidence",
            shadow.days >= MIN_DAYS or trades >= MIN_TRADES,
            f"{shadow.days} days and {trades} trades; needs {MIN_DAYS} days or {MIN_TRADES} trades",
        ),
        _profit_factor(primary, shadow),
        Criterion(
            "drawdown not worse",
            shadow.max_drawdown >= primary.max_drawdown,
            f"{shadow.max_drawdown:.2%} against {primary.max_drawdown:.2%}",
        ),
        Criterion(
            "profit",
            gain >= MIN_RETURN_GAIN - 1e-12,
            f"{gain * 100:+.2f} points of the starting equity; needs +{MIN_RETURN_GAIN:.0%}",
        ),
    )


def _profit_factor(primary: Record, shadow: Record) -> Criterion:
    """Judge the profit factors; gains without a loss count as infinite, no trades as unknown."""
    ours, theirs = _factor(primary), _factor(shadow)
    detail = f"{_factor_text(theirs)} against {_factor_text(ours)}; needs +{MIN_PROFIT_FACTOR_GAIN:.2f}"
    if ours is None or theirs is None or (math.isinf(ours) and math.isinf(theirs)):
        return Criterion("profit factor", None, f"{detail}; cannot be judged yet")

    return Criterion("profit factor", theirs >= ours + MIN_PROFIT_FACTOR_GAIN - 1e-12, detail)


def _factor(book: Record) -> float | None:
    if book.profit_factor is not None:
        return book.profit_factor

    return math.inf if book.gains > 0 else None


def _factor_text(factor: float | None) -> str:
    if factor is None:
        return "no trades"

    return "no losses" if math.isinf(factor) else f"{factor:.2f}"


def _live_pnls(ledger: Ledger, variant: str, sessions: Sequence[date]) -> list[float]:
    rows = ledger.trades.between(sessions[0], sessions[-1])

    return [
        float(row.realised_pnl)
        for row in rows
        if row.variant == variant and row.session > sessions[0] and row.realised_pnl is not None
    ]


def _shadow_pnls(ledger: Ledger, variant: str, sessions: Sequence[date]) -> list[float]:
    """Return the realised amounts of a shadow's settled sells inside the stretch."""
    return [
        float(fill["realised_pnl"])
        for row in ledger.shadow.history(variant, sessions[0])
        if sessions[0] < row.session <= sessions[-1]
        for fill in (row.fills or {}).get("executed", [])
        if fill.get("side") == "sell" and fill.get("realised_pnl") is not None
    ]
