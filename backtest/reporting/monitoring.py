"""Does a strategy still do what its backtest did? Pure: trades and figures in, one measure per question out.

=============  ========================================================  =========
win rate       of the newest 50 trades below the baseline - 10 points    warning
expectancy     of the newest 50 trades below half of the baseline        critical
trades         none for 30 calendar days (or three times the usual gap)  info
regime         variability now above twice the baseline                  info
=============  ========================================================  =========

What cannot be judged is "unknown" with its reason: no baseline, not enough data. That is never "ok".
Source of the thresholds: the monitoring table of the intraday strategy's specification, which holds for every
family; its variability is the width of the opening range, that of daily books the volatility of returns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from backtest.reporting.baseline import Baseline, mean, win_rate

State = Literal["ok", "info", "unknown", "warning", "critical"]

NO_BASELINE: Final = "no baseline: `jutsu config freeze` writes it from a backtest"
_SEVERITY: Final[Mapping[State, int]] = {"ok": 0, "info": 1, "unknown": 2, "warning": 3, "critical": 4}
#: 0.5 - 0.1 is a hair below 0.4 in binary; nine decimals make the edges what they say
_DECIMALS: Final = 9


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a measure stops being ok.

    Attributes:
        trades: newest closing trades that are looked at; fewer are not enough.
        win_rate_points: percentage points below the baseline. expectancy_share: of the baseline.
        stale_days: calendar days without a trade. stale_gaps: or so many usual gaps, whichever is longer.
        regime_ratio: times the baseline's variability.
    """

    trades: int = 50
    win_rate_points: float = 10.0
    expectancy_share: float = 0.5
    stale_days: int = 30
    stale_gaps: float = 3.0
    regime_ratio: float = 2.0


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """A closing trade: its day, and what it made in the unit of the baseline's expectancy."""

    day: date
    made: float


@dataclass(frozen=True, slots=True)
class Variability:
    """How much moves now and in the baseline, in one unit; None where it is not known.

    Attributes:
        what: what is measured, in words. needs: what is missing while `now` is None.
    """

    what: str
    now: float | None
    usual: float | None
    needs: str = "not enough data"


@dataclass(frozen=True, slots=True)
class Measure:
    """One question and its answer: `value` and `limit` in words, `why` unless it is ok."""

    name: str
    state: State
    value: str
    limit: str
    why: str = ""


def monitor(
    trades: Sequence[ClosedTrade],
    baseline: Baseline | None,
    variability: Variability,
    *,
    newest: date | None,
    today: date,
    thresholds: Thresholds = Thresholds(),
) -> tuple[Measure, ...]:
    """Return the four measures of a strategy.

    Args:
        trades: closing trades, oldest first.
        baseline: of the backtest, None when nobody wrote one.
        variability: now and in the baseline.
        newest: day of the newest trade of any kind, or the first day of the book; None before that.
        today: the day it is judged.
        thresholds: where a measure stops being ok.
    """
    latest = [trade.made for trade in trades[-thresholds.trades :]]
    return (
        _win_rate(latest, baseline, thresholds),
        _expectancy(latest, baseline, thresholds),
        _stale(newest, today, baseline, thresholds),
        _regime(variability, baseline, thresholds),
    )


def worst(measures: Iterable[Measure]) -> State:
    """Return the most severe state; without any measure it is unknown."""
    return max((one.state for one in measures), key=_SEVERITY.__getitem__, default="unknown")


def below(value: float, floor: float) -> bool:
    """Tell whether a value lies below a floor by more than the last digits of binary numbers."""
    return round(value, _DECIMALS) < round(floor, _DECIMALS)


def _win_rate(latest: Sequence[float], baseline: Baseline | None, thresholds: Thresholds) -> Measure:
    name = "win rate"
    if baseline is None or baseline.win_rate is None:
        return _unknown(name, baseline)
    floor = baseline.win_rate - thresholds.win_rate_points / 100
    limit = f">= {floor:.1%} (baseline {baseline.win_rate:.1%} - {thresholds.win_rate_points:g} points)"
    rate = win_rate(latest)
    if len(latest) < thresholds.trades or rate is None:
        return _too_few(name, latest, limit, thresholds)
    low = below(rate, floor)
    why = f"{rate:.1%} of the newest {len(latest)} trades won" if low else ""
    return Measure(name, "warning" if low else "ok", f"{rate:.1%}", limit, why)


def _expectancy(latest: Sequence[float], baseline: Baseline | None, thresholds: Thresholds) -> Measure:
    name = "expectancy"
    if baseline is None or baseline.expectancy is None:
        return _unknown(name, baseline)
    if baseline.expectancy <= 0:
        why = f"the baseline expects {baseline.expectancy:+.3%} a trade: there is nothing to fall short of"
        return Measure(name, "unknown", "-", "-", why)
    floor = baseline.expectancy * thresholds.expectancy_share
    limit = f">= {floor:+.3%} a trade ({thresholds.expectancy_share:.0%} of {baseline.expectancy:+.3%})"
    made = mean(latest)
    if len(latest) < thresholds.trades or made is None:
        return _too_few(name, latest, limit, thresholds)
    low = below(made, floor)
    why = f"the newest {len(latest)} trades made {made:+.3%} each" if low else ""
    return Measure(name, "critical" if low else "ok", f"{made:+.3%}", limit, why)


def _stale(newest: date | None, today: date, baseline: Baseline | None, thresholds: Thresholds) -> Measure:
    name, usual = "trades", 0.0
    if baseline is not None and baseline.trades_per_year > 0:
        usual = thresholds.stale_gaps * 365.25 / baseline.trades_per_year
    longest = max(thresholds.stale_days, math.ceil(usual))
    limit = f"one in {longest} days"
    if newest is None:
        return Measure(name, "unknown", "none", limit, "not enough data: the book has not begun")
    days = (today - newest).days
    if days >= longest:
        return Measure(name, "info", f"{days} days ago", limit, f"no trade for {days} days")
    if baseline is None:
        return Measure(name, "unknown", f"{days} days ago", limit, NO_BASELINE)
    return Measure(name, "ok", f"{days} days ago", limit)


def _regime(variability: Variability, baseline: Baseline | None, thresholds: Thresholds) -> Measure:
    name = f"regime ({variability.what})"
    if baseline is None or not variability.usual:
        return _unknown(name, baseline)
    most = variability.usual * thresholds.regime_ratio
    limit = f"<= {most:.1%} ({thresholds.regime_ratio:g} x {variability.usual:.1%})"
    if variability.now is None:
        return Measure(name, "unknown", "-", limit, f"not enough data: {variability.needs}")
    high = below(most, variability.now)
    why = f"it is {variability.now / variability.usual:.1f} times what the backtest saw" if high else ""
    return Measure(name, "info" if high else "ok", f"{variability.now:.1%}", limit, why)


def _unknown(name: str, baseline: Baseline | None) -> Measure:
    why = NO_BASELINE if baseline is None else "the baseline has no such figure"
    return Measure(name, "unknown", "-", "-", why)


def _too_few(name: str, latest: Sequence[float], limit: str, thresholds: Thresholds) -> Measure:
    why = f"not enough data: {len(latest)} of {thresholds.trades} closing trades"
    return Measure(name, "unknown", "-", limit, why)
