"""What monitoring says of a book: its trades and its curve against the baseline of the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from backtest.reporting.baseline import Baseline, read_baseline
from backtest.reporting.metrics import performance
from backtest.reporting.monitoring import Measure, State, Variability, monitor, worst
from live.views.figures import closed_trades, read_curve

if TYPE_CHECKING:
    from pathlib import Path

    from live.ledger.ledger import Ledger

#: newest sessions whose volatility is the regime of a daily book
REGIME_SESSIONS: Final = 30


@dataclass(frozen=True, slots=True)
class BookMonitoring:
    """One primary: the worst state of its measures, the measures, and the baseline they are judged by."""

    variant: str
    state: State
    measures: tuple[Measure, ...]
    baseline: Baseline | None

    @property
    def problems(self) -> tuple[str, ...]:
        """Critical measures, one line each."""
        return tuple(
            f"{self.variant}: {one.name}: {one.why}; {one.limit}"
            for one in self.measures
            if one.state == "critical"
        )


def baselines(manifest: Path, source: str) -> Mapping[str, Baseline]:
    """Return variant -> its baseline; a manifest that cannot be read has none.

    One of the made-up market counts only where `source`, the value of `data.source`, is that market.
    """
    from backtest.core.errors import JutsuError
    from live.settings.frozen_baseline import MADE_UP
    from live.settings.manifest import read

    try:
        entries = read(manifest)
    except JutsuError:
        return {}
    counted = {n: entry for n, entry in entries.items() if source == "demo" or not entry.get(MADE_UP)}
    found = {name: read_baseline(entry) for name, entry in counted.items()}
    return {name: baseline for name, baseline in found.items() if baseline is not None}


def read_monitoring(
    ledger: Ledger, variant: str, baseline: Baseline | None, today: date, *, budget_pct: float = 100.0
) -> BookMonitoring:
    """Return what monitoring says of a primary on a day; sessions and trades after it do not count."""
    trades = closed_trades(ledger, variant, until=today)
    rows = [row for row in ledger.trades.between(None, today) if row.variant == variant]
    series = ledger.snapshots.series(variant, until=today)
    began = series[0].session if series else None
    measures = monitor(
        trades,
        baseline,
        _volatility(ledger, variant, baseline, today, budget_pct),
        newest=max((row.session for row in rows), default=began),
        today=today,
    )
    return BookMonitoring(variant, worst(measures), measures, baseline)


def _volatility(
    ledger: Ledger, variant: str, baseline: Baseline | None, today: date, budget_pct: float
) -> Variability:
    """Return the volatility of the newest sessions beside that of the backtest, a year."""
    usual = None if baseline is None else baseline.volatility
    curve = read_curve(ledger, variant, until=today, budget_pct=budget_pct)
    value = () if curve is None else curve.value[-REGIME_SESSIONS - 1 :]
    count = len(value) - 1
    if count < REGIME_SESSIONS:
        return Variability("volatility", None, usual, f"{max(count, 0)} of {REGIME_SESSIONS} sessions")
    now = performance(np.array(value[1:]), value[0]).volatility
    return Variability("volatility", now, usual)
