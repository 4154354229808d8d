"""The alerts of every day of a replay, from its sessions and the portfolio that they played."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

from backtest.reporting.breakout_alerts import (
    BreakoutAlert,
    DoneTrade,
    bars_alert,
    day_alerts,
    size_alert,
    strategy_alerts,
)
from backtest.simulator.intraday.engine import SessionEngine
from backtest.simulator.intraday.plan import RangeKey
from backtest.strategies.opening_range_breakout.portfolio import Portfolio


def alerts_of(
    portfolio: Portfolio, sessions: Sequence[SessionEngine], bars: Sequence[int]
) -> Iterator[tuple[BreakoutAlert, ...]]:
    """Yield the alerts of each day, oldest first: each is said once a day, whatever its state.

    Args:
        portfolio: what was played; its baselines are what is compared with.
        sessions: ended, one a day, oldest first.
        bars: of each of these days.
    """
    trades: dict[str, list[DoneTrade]] = {one.key.id(portfolio.symbol): [] for one in portfolio.strategies}
    sizes: dict[RangeKey, list[tuple[date, float]]] = {}
    usual = {
        (one.key.label, one.key.minutes): one.baseline.median_range_points for one in portfolio.strategies
    }
    for place, session in enumerate(sessions):
        day = session.plan.day.day
        for name, mine in trades.items():
            mine.extend(_ended(session, name))
        found = [*day_alerts(day, session.risk.realised_r, session.risk.halted, session.plan.limits)]
        found.append(bars_alert(day, bars[place], bars[:place]))
        for one in portfolio.strategies:
            name = one.key.id(portfolio.symbol)
            found += strategy_alerts(day, name, one.baseline, trades[name], sessions[0].plan.day.day)
        for key, size in _sizes(session):
            sizes.setdefault(key, []).append((day, size))
        for key in sorted(usual):
            label, minutes = key
            found.append(size_alert(day, f"{label} {minutes} min", usual[key], sizes.get(key, [])))
        yield tuple(found)


def alerts_jsonl(days: Sequence[tuple[BreakoutAlert, ...]]) -> str:
    """Return the alerts that fired, one a line."""
    lines = [
        json.dumps(
            {
                "day": f"{alert.day}",
                "alert": alert.name,
                "severity": alert.severity,
                "about": alert.about,
                "text": alert.text,
            }
        )
        for alerts in days
        for alert in alerts
        if alert.state == "fired"
    ]
    return "".join(f"{line}\n" for line in lines)


def _ended(session: SessionEngine, name: str) -> Iterator[DoneTrade]:
    trade = session.trades.get(name)
    if trade is not None and trade.exited_at is not None:
        won = {"win": True, "loss": False}.get(str(trade.outcome))
        yield DoneTrade(session.plan.day.day, won, trade.result_r)


def _sizes(session: SessionEngine) -> Iterator[tuple[RangeKey, float]]:
    """Yield the sizes of the ranges of a day that had a bar, in points."""
    scale = 1 if session.plan.grid is None else session.plan.grid.scale
    for key, one in session.ranges.items():
        if one.bars:
            yield key, (one.high - one.low) / scale
