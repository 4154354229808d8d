"""The seven alerts of a book of breakouts, judged after every pass (losses) and at the end of a day (all)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from backtest.reporting.breakout_alerts import (
    AlertName,
    BreakoutAlert,
    DoneTrade,
    Severity,
    bars_alert,
    day_alerts,
    size_alert,
    strategy_alerts,
)
from backtest.strategies.opening_range_breakout.portfolio import Baseline
from live.alerts.causes import CauseName, key_of
from live.alerts.outbox import send
from live.handoff.orb_plan import OrbPlan
from live.model.run import ORB_BOOK
from live.settings.model import AlertLevel

if TYPE_CHECKING:
    from backtest.simulator.intraday.engine import SessionEngine
    from live.ledger.ledger import Ledger
    from live.ledger.tables import JournalTrade
    from live.runtime.runtime import RunContext

_CAUSES: Final[Mapping[AlertName, CauseName]] = {
    "drawdown": "orb_drawdown",
    "circuit_break": "orb_circuit_break",
    "win_rate_drift": "orb_win_rate_drift",
    "expectancy_drift": "orb_expectancy_drift",
    "range_size_regime": "orb_range_size_regime",
    "missing_data": "orb_missing_data",
    "strategy_stale": "orb_strategy_stale",
}
_LEVELS: Final[Mapping[Severity, AlertLevel]] = {"INFO": "info", "WARNING": "warning", "CRITICAL": "critical"}
#: days of facts that are looked at: the bars of the days before, the ranges of a month
_DAYS: Final = 60


def losses_of(engine: SessionEngine) -> tuple[BreakoutAlert, ...]:
    """Return the two alerts on the result of a day, as it stands now."""
    plan = engine.plan
    return day_alerts(plan.day.day, engine.risk.realised_r, engine.risk.halted, plan.limits)


def day_facts(engine: SessionEngine, bars: int) -> dict[str, Any]:
    """Return what is kept of an ended day for the alerts of later ones: bars, range sizes in points."""
    scale = 1 if engine.plan.grid is None else engine.plan.grid.scale
    sizes = {
        f"{label} {minutes} min": (one.high - one.low) / scale
        for (label, minutes), one in engine.ranges.items()
        if one.bars
    }
    return {"bars": bars, "range_points": sizes, "realised_r": round(engine.risk.realised_r, 4)}


def alerts_of_day(ledger: Ledger, plan: OrbPlan, day: date) -> tuple[BreakoutAlert, ...]:
    """Return the alerts on bars, ranges and strategies of a day that ended; its facts are in the run log."""
    return tuple(_alerts(plan, day, _facts(ledger, day), ledger.trade_journal.all()))


def tell(context: RunContext, alerts: Iterable[BreakoutAlert]) -> None:
    """Put the alerts that fired into the outbox, each once for its day."""
    for alert in alerts:
        key = key_of(_CAUSES[alert.name], variant=ORB_BOOK, session=alert.day, detail=alert.about)
        if alert.state == "fired" and not context.ledger.alerts.known(key):
            about = f" {alert.about}" if alert.about else ""
            title = f"[PAPER] {ORB_BOOK} {alert.day}: {alert.name.replace('_', ' ')}{about}"
            send(context, key=key, level=_LEVELS[alert.severity], title=title, body=alert.text)


def _facts(ledger: Ledger, day: date) -> list[tuple[date, Mapping[str, Any]]]:
    """Return the facts of the days up to `day`, oldest first."""
    rows = [row for row in ledger.runs.recent(_DAYS, ORB_BOOK) if row.session <= day and "bars" in row.detail]
    return sorted((row.session, row.detail) for row in rows)


def _alerts(
    plan: OrbPlan,
    day: date,
    facts: Sequence[tuple[date, Mapping[str, Any]]],
    trades: Sequence[JournalTrade],
) -> Iterator[BreakoutAlert]:
    counts = [int(found["bars"]) for _, found in facts]
    if counts:
        yield bars_alert(day, counts[-1], counts[:-1])
    since = facts[0][0] if facts else day
    for one in plan.strategies:
        done = [_done(row) for row in trades if row.strategy_id == one.strategy_id and row.exit_ts]
        baseline = Baseline(**one.baseline.model_dump())
        yield from strategy_alerts(day, one.strategy_id, baseline, done, since)
    usual = {f"{one.label} {one.minutes} min": one.baseline.median_range_points for one in plan.strategies}
    for name, points in sorted(usual.items()):
        sizes = [
            (when, found["range_points"][name]) for when, found in facts if name in found["range_points"]
        ]
        yield size_alert(day, name, points, sizes)


def _done(row: JournalTrade) -> DoneTrade:
    won = {"win": True, "loss": False}.get(row.outcome)
    return DoneTrade(row.trading_day, won, row.pnl_r or 0.0)
