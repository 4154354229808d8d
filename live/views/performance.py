"""How books did over the sessions they have snapshots of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class BookPerformance:
    """One variant.

    Attributes:
        first, last: sessions of the oldest and newest snapshot.
        start_equity: what the first decision was sized with. end_equity: at the last close; account currency.
        total_return, max_drawdown: decimal fractions, the drawdown never positive.
    """

    variant: str
    first: date
    last: date
    start_equity: float
    end_equity: float
    total_return: float
    max_drawdown: float


@dataclass(frozen=True, slots=True)
class ReplayView:
    """What a replay did: sessions run, one line per failure and warning, every book, the files it wrote."""

    sessions: int
    failures: tuple[str, ...]
    variants: tuple[BookPerformance, ...]
    equity_file: Path
    orders_file: Path
    warnings: tuple[str, ...] = ()


def read_performance(ledger: Ledger) -> tuple[BookPerformance, ...]:
    """Return the performance of every variant with snapshots."""
    return tuple(_one(ledger, variant) for variant in ledger.snapshots.variants())


def _one(ledger: Ledger, variant: str) -> BookPerformance:
    series = ledger.snapshots.series(variant)
    first, last = series[0], series[-1]
    opening = ledger.signals.get(first.session, variant)
    start = first.equity if opening is None else _equity_before(opening.content)
    return BookPerformance(
        variant=variant,
        first=first.session,
        last=last.session,
        start_equity=round(start, 2),
        end_equity=round(last.equity, 2),
        total_return=last.equity / start - 1,
        max_drawdown=min((row.drawdown for row in series if row.drawdown is not None), default=0.0),
    )


def _equity_before(content: str) -> float:
    """Return the equity the decision of a signal file was sized with."""
    return float(json.loads(content)["inputs"]["account"]["equity"])
