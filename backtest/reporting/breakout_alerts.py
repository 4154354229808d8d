"""What a person should look at in breakout trading: the seven alerts, each fired, quiet, or not known yet.

An alert that cannot be judged says so: too few trades or days are never shown as good.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from backtest.reporting.monitoring import Thresholds, below
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import Baseline

AlertName = Literal[
    "drawdown",
    "circuit_break",
    "win_rate_drift",
    "expectancy_drift",
    "range_size_regime",
    "missing_data",
    "strategy_stale",
]
AlertState = Literal["fired", "quiet", "not_enough_data"]
Severity = Literal["INFO", "WARNING", "CRITICAL"]
SEVERITIES: Final[dict[AlertName, Severity]] = {
    "drawdown": "WARNING",
    "circuit_break": "CRITICAL",
    "win_rate_drift": "WARNING",
    "expectancy_drift": "CRITICAL",
    "range_size_regime": "INFO",
    "missing_data": "WARNING",
    "strategy_stale": "INFO",
}
#: Where a drift, a regime and a strategy without trades begin: the same for every family.
THRESHOLDS: Final = Thresholds()
#: Calendar days of the range sizes.
SIZE_DAYS: Final = 30
#: Days that the usual number of bars is taken from, and the part of it that a day must have.
USUAL_DAYS: Final = 20
BARS_PART: Final = 0.8


@dataclass(frozen=True, slots=True)
class BreakoutAlert:
    """One alert of one day.

    Attributes:
        day: trading day.
        name: which one; its severity is in `SEVERITIES`.
        about: strategy or range; empty for the day as a whole.
        state: fired, quiet, or why not even that is known.
        text: the numbers that were compared.
    """

    day: date
    name: AlertName
    about: str
    state: AlertState
    text: str

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return SEVERITIES[self.name]


@dataclass(frozen=True, slots=True)
class DoneTrade:
    """A trade that ended: its day, whether it won (None for a scratch), and its result in R."""

    day: date
    won: bool | None
    result_r: float


def day_alerts(day: date, realised_r: float, halted: bool, limits: RiskLimits) -> tuple[BreakoutAlert, ...]:
    """Return the alerts on the result of a day; the circuit break fires with the halt."""
    warned = realised_r < limits.drawdown_warning_r
    warning, halt = limits.drawdown_warning_r, limits.drawdown_halt_r
    said = f"{realised_r:+.2f} R, warning below {warning:g}, halt at {halt:g}"
    return (
        BreakoutAlert(day, "drawdown", "", "fired" if warned else "quiet", said),
        BreakoutAlert(day, "circuit_break", "", "fired" if halted else "quiet", said),
    )


def bars_alert(day: date, bars: int, before: Sequence[int]) -> BreakoutAlert:
    """Return the alert on the bars of a day against the median of the `USUAL_DAYS` days before it."""
    recent = before[-USUAL_DAYS:]
    if len(recent) < USUAL_DAYS:
        said = f"{len(recent)} days before, {USUAL_DAYS} needed"
        return BreakoutAlert(day, "missing_data", "", "not_enough_data", said)
    usual = statistics.median(recent)
    state: AlertState = "fired" if below(bars, BARS_PART * usual) else "quiet"
    return BreakoutAlert(day, "missing_data", "", state, f"{bars} bars, usually {usual:g}")


def strategy_alerts(
    day: date, strategy_id: str, baseline: Baseline, trades: Sequence[DoneTrade], since: date
) -> tuple[BreakoutAlert, ...]:
    """Return the alerts on one strategy.

    Args:
        day: trading day, its trades included.
        strategy_id: whose.
        baseline: what its history showed.
        trades: all so far, oldest first.
        since: first day it was traded, for a strategy without any trade.
    """
    quiet_days = (day - (trades[-1].day if trades else since)).days
    stale: AlertState = "fired" if quiet_days >= THRESHOLDS.stale_days else "quiet"
    return (
        *_drifts(day, strategy_id, baseline, trades[-THRESHOLDS.trades :]),
        BreakoutAlert(day, "strategy_stale", strategy_id, stale, f"{quiet_days} days without a trade"),
    )


def _drifts(
    day: date, strategy_id: str, baseline: Baseline, recent: Sequence[DoneTrade]
) -> tuple[BreakoutAlert, BreakoutAlert]:
    few = len(recent) < THRESHOLDS.trades
    decided = [trade.won for trade in recent if trade.won is not None]
    rate = sum(decided) / len(decided) if decided else 0.0
    mean = statistics.fmean(trade.result_r for trade in recent) if recent else 0.0
    count = f"{len(recent)} trades, {THRESHOLDS.trades} needed"
    usual = baseline.win_rate
    rate_state, mean_state = _state(few or usual is None or not decided), _state(few)
    if not few and usual is not None and decided and below(rate, usual - THRESHOLDS.win_rate_points / 100):
        rate_state = "fired"
    if not few and below(mean, THRESHOLDS.expectancy_share * baseline.expectancy_r):
        mean_state = "fired"
    won = "unknown" if usual is None else f"{usual:.1%}"
    return (
        BreakoutAlert(
            day, "win_rate_drift", strategy_id, rate_state, count if few else f"{rate:.1%} won, usually {won}"
        ),
        BreakoutAlert(
            day,
            "expectancy_drift",
            strategy_id,
            mean_state,
            count if few else f"{mean:+.4f} R, usually {baseline.expectancy_r:+.4f}",
        ),
    )


def _state(unknown: bool) -> AlertState:
    return "not_enough_data" if unknown else "quiet"


def size_alert(
    day: date, about: str, usual: float | None, sizes: Sequence[tuple[date, float]]
) -> BreakoutAlert:
    """Return the alert on the sizes of a range in the `SIZE_DAYS` calendar days up to `day`, in points."""
    recent = [size for when, size in sizes if 0 <= (day - when).days < SIZE_DAYS]
    if not recent or not usual:
        return BreakoutAlert(day, "range_size_regime", about, "not_enough_data", f"{len(recent)} ranges")
    middle = statistics.median(recent)
    state: AlertState = "fired" if below(THRESHOLDS.regime_ratio * usual, middle) else "quiet"
    return BreakoutAlert(
        day, "range_size_regime", about, state, f"median {middle:g} points, usually {usual:g}"
    )
