"""What a book is doing: regime of its newest decision, limits around it, allocation, figures, monitoring."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from backtest.strategies.registry import context_columns_of
from backtest.strategies.terms import Boundary, context_of
from live.views.figures import BookFigures, read_figures
from live.views.monitoring import BookMonitoring, read_monitoring

if TYPE_CHECKING:
    from backtest.reporting.baseline import Baseline
    from live.books.variants import BookVariant
    from live.views.inputs import ViewInputs

CASH = "cash"


@dataclass(frozen=True, slots=True)
class Share:
    """What of a book is in one symbol, or in cash: account currency, and decimal fraction of its equity."""

    symbol: str
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class BookNow:
    """One variant as its newest decision and its newest close show it.

    Attributes:
        decided_on: session whose bar the newest decision read, None before the first one.
        regime: the states of that decision by name.
        limits: where one of its figures alone would change the next decision, with the figure now.
        allocation: symbols, then cash; empty without a close or without a value of a symbol.
        figures: None before the first close.
        monitoring: of a primary, None of a shadow.
    """

    decided_on: date | None = None
    regime: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[Boundary, ...] = ()
    allocation: tuple[Share, ...] = ()
    figures: BookFigures | None = None
    monitoring: BookMonitoring | None = None


def read_now(
    inputs: ViewInputs, variant: BookVariant, values: Mapping[str, float | None], baseline: Baseline | None
) -> BookNow:
    """Return what a book is doing.

    Args:
        inputs: ledger, settings, and the day.
        variant: the book.
        values: symbol -> what its shares are worth at the newest mark, account currency.
        baseline: of the manifest, None without one.
    """
    ledger, primary = inputs.ledger, variant.role == "primary"
    row = next(iter(ledger.signals.recent(1, variant.name)), None)
    decision: Mapping[str, Any] = {} if row is None else json.loads(row.content)["decision"]
    diagnostics = decision.get("diagnostics", {})
    columns = context_columns_of(variant.strategy.name)
    budget = variant.budget_pct if primary else 0.0
    latest = ledger.snapshots.latest(variant.name)
    return BookNow(
        decided_on=date.fromisoformat(decision["decided_on"]) if decision else None,
        regime=context_of(columns, diagnostics, states_only=True),
        limits=variant.strategy.next_changes(diagnostics) if diagnostics else (),
        allocation=() if latest is None else tuple(_shares(values, latest.cash, latest.equity)),
        figures=read_figures(ledger, variant.name, until=inputs.today, budget_pct=budget),
        monitoring=read_monitoring(ledger, variant.name, baseline, inputs.today, budget_pct=budget)
        if primary
        else None,
    )


def _shares(values: Mapping[str, float | None], cash: float, equity: float) -> Iterator[Share]:
    """Yield what is held, the largest first, then cash; nothing where a value is not known."""
    known = [(symbol, value) for symbol, value in values.items() if value is not None]
    if len(known) != len(values) or equity <= 0:
        return
    for symbol, value in sorted(known, key=lambda one: -one[1]):
        yield Share(symbol, round(value, 2), value / equity)
    yield Share(CASH, round(cash, 2), cash / equity)
