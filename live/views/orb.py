"""The book of breakouts: today's session, each strategy beside its history, days, alerts, trades."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final, Literal

from live.handoff.orb_plan import OrbPlan
from live.handoff.orb_plan_check import plan_of, plan_standing
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.model.run import ORB_BOOK
from live.runtime.account import orb_day_folder
from live.session.alerts import alerts_of_day
from live.session.events import newest_acted, read_events
from live.views.orb_plan import orb_ledger

if TYPE_CHECKING:
    from backtest.reporting.breakout_alerts import BreakoutAlert
    from live.ledger.ledger import Ledger
    from live.ledger.tables import JournalTrade, SignalRow
    from live.views.inputs import ViewInputs

SessionState = Literal["planned", "running", "over", "left out"]
_STATES: Final[dict[str, SessionState]] = {"pending": "planned", "placed": "running", "completed": "over"}
_TRADES: Final = 50


@dataclass(frozen=True, slots=True)
class OrbEvent:
    """One event of a session, as its file has it; `price` is in points, None where there is none."""

    ts: str
    type: str
    strategy_id: str
    direction: str
    price: float | None
    contracts: int
    reason: str


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit of the day: what of it is used, and what it allows."""

    name: str
    used: float
    limit: float


@dataclass(frozen=True, slots=True)
class OrbSession:
    """The newest session.

    Attributes:
        state: of the session. standing: what stands behind its plan.
        first_window: ISO 8601, UTC; an answer counts before it.
        open_trades: strategies that hold a position. realised_r: results so far, in units of the risk.
        held: why no entry was allowed at the newest bar, empty when one was; newest_bar: ISO 8601, UTC.
    """

    trading_day: date
    state: SessionState
    standing: str
    first_window: str
    open_trades: tuple[str, ...]
    realised_r: float
    realised_dollars: float
    limits: tuple[LimitUse, ...]
    newest_bar: str | None
    held: str
    events: tuple[OrbEvent, ...]


@dataclass(frozen=True, slots=True)
class StrategyFigures:
    """One strategy beside its history; rates 0 to 1, results in R after costs, None without a trade."""

    strategy_id: str
    enabled: bool
    max_contracts: int
    trades: int
    win_rate: float | None
    mean_r: float | None
    total_r: float
    usual_trades: int
    usual_win_rate: float | None
    usual_mean_r: float


@dataclass(frozen=True, slots=True)
class DayResult:
    """A day with trades: its result and the sum of all days up to it, in R and dollars."""

    day: date
    result_r: float
    total_r: float
    dollars: float


@dataclass(frozen=True, slots=True)
class OrbAlert:
    """One of the seven alerts of the newest day that ended; `state` says also that it is not known yet."""

    name: str
    about: str
    state: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class OrbTrade:
    """A trade of the journal; prices in points, instants UTC."""

    journal_id: int
    trading_day: date
    strategy_id: str
    direction: str
    contracts: int
    entry_ts: datetime | None
    entry_price: float | None
    stop_price: float | None
    target_price: float | None
    exit_ts: datetime | None
    exit_price: float | None
    outcome: str
    exit_reason: str
    pnl_r: float | None
    pnl_dollars: float | None


@dataclass(frozen=True, slots=True)
class OrbView:
    """The book of breakouts, on paper; without one `set_up` is False and all else empty.

    Attributes:
        equity: dollars at the end of the newest day, None before the first.
        session: the newest one that was planned. trades: the newest, newest first.
    """

    set_up: bool
    symbol: str
    equity: float | None
    session: OrbSession | None
    strategies: tuple[StrategyFigures, ...]
    days: tuple[DayResult, ...]
    alerts: tuple[OrbAlert, ...]
    trades: tuple[OrbTrade, ...]


def read_orb(inputs: ViewInputs) -> OrbView:
    """Return the book as the ledger and the files of its sessions have it. DataError: 5, one is damaged."""
    ledger = orb_ledger(inputs.ledger)
    rows = ledger.signals.recent(1, ORB_BOOK)
    trades, close = ledger.trade_journal.all(), ledger.snapshots.latest(WHOLE_ACCOUNT)
    set_up = inputs.settings.orb.portfolio is not None
    if not rows:
        return OrbView(set_up, "", None, None, (), (), (), ())
    plan = plan_of(rows[0].executed_content or rows[0].content)
    return OrbView(
        set_up=set_up,
        symbol=plan.instrument.symbol,
        equity=None if close is None else close.equity,
        session=_session(inputs, rows[0], plan, ledger.trade_journal.of_day(rows[0].session)),
        strategies=tuple(_figures(plan, trades)),
        days=tuple(_days(trades)),
        alerts=tuple(_alert(alert) for alert in _alerts(ledger, plan)),
        trades=tuple(_trade(row) for row in ledger.trade_journal.recent(_TRADES)),
    )


def _session(inputs: ViewInputs, row: SignalRow, plan: OrbPlan, trades: Sequence[JournalTrade]) -> OrbSession:
    folder = orb_day_folder(Path(inputs.ledger.where).parent, plan.trading_day)
    events = tuple(_event(found) for found in read_events(folder))
    begins = datetime.fromisoformat(plan.approve_before)
    sha256 = row.executed_sha256 or row.approved_sha256 or row.bytes_sha256
    standing = plan_standing(row, sha256, inputs.settings.approval, inputs.now, begins=begins)
    newest = newest_acted(folder)
    entered = [event.strategy_id for event in events if event.type == "ENTRY"]
    ended = {event.strategy_id for event in events if event.type in {"EXIT", "SCRATCH"}}
    open_ = tuple(name for name in entered if name not in ended)
    realised = sum(one.pnl_r or 0.0 for one in trades)
    return OrbSession(
        trading_day=row.session,
        state=_STATES.get(row.outcome, "left out"),
        standing=f"{standing.state}: {standing.reason}",
        first_window=plan.approve_before,
        open_trades=open_,
        realised_r=round(realised, 4),
        realised_dollars=round(sum(one.pnl_dollars or 0.0 for one in trades), 2),
        limits=_limits(plan, len(open_), len(entered), realised),
        newest_bar=None if newest is None else newest["minute"],
        held="" if newest is None else newest["held"],
        events=events,
    )


def _limits(plan: OrbPlan, open_: int, entered: int, realised: float) -> tuple[LimitUse, ...]:
    limits = plan.limits
    lost = round(max(0.0, -realised), 4)
    return (
        LimitUse("drawdown_halt_r", lost, -limits.drawdown_halt_r),
        LimitUse("max_concurrent_positions", open_, limits.max_concurrent_positions),
        LimitUse("max_daily_trades", entered, limits.max_daily_trades),
    )


def _figures(plan: OrbPlan, trades: Sequence[JournalTrade]) -> Iterable[StrategyFigures]:
    for one in plan.strategies:
        mine = [row for row in trades if row.strategy_id == one.strategy_id and row.exit_ts is not None]
        results = [row.pnl_r or 0.0 for row in mine]
        decided = [row.outcome == "win" for row in mine if row.outcome in {"win", "loss"}]
        yield StrategyFigures(
            strategy_id=one.strategy_id,
            enabled=one.enabled,
            max_contracts=one.max_contracts,
            trades=len(mine),
            win_rate=sum(decided) / len(decided) if decided else None,
            mean_r=round(fmean(results), 4) if results else None,
            total_r=round(sum(results), 4),
            usual_trades=one.baseline.trades,
            usual_win_rate=one.baseline.win_rate,
            usual_mean_r=one.baseline.expectancy_r,
        )


def _days(trades: Sequence[JournalTrade]) -> Iterable[DayResult]:
    total = 0.0
    for day in sorted({row.trading_day for row in trades}):
        mine = [row for row in trades if row.trading_day == day]
        result = sum(row.pnl_r or 0.0 for row in mine)
        total += result
        dollars = round(sum(row.pnl_dollars or 0.0 for row in mine), 2)
        yield DayResult(day, round(result, 4), round(total, 4), dollars)


def _alerts(ledger: Ledger, plan: OrbPlan) -> tuple[BreakoutAlert, ...]:
    """Return the alerts of the newest day that ended."""
    ended = [row.session for row in ledger.runs.recent(5, ORB_BOOK) if "bars" in row.detail]
    return alerts_of_day(ledger, plan, max(ended)) if ended else ()


def _alert(alert: BreakoutAlert) -> OrbAlert:
    return OrbAlert(alert.name, alert.about, alert.state, alert.severity, alert.text)


def _event(found: dict[str, Any]) -> OrbEvent:
    names = ("ts", "type", "strategy_id", "direction", "price", "contracts", "reason")
    return OrbEvent(**{name: found[name] for name in names})


def _trade(row: JournalTrade) -> OrbTrade:
    return OrbTrade(
        journal_id=row.id,
        trading_day=row.trading_day,
        strategy_id=row.strategy_id,
        direction=row.direction,
        contracts=row.contracts,
        entry_ts=row.entry_ts,
        entry_price=row.entry_price,
        stop_price=row.stop_price,
        target_price=row.target_price,
        exit_ts=row.exit_ts,
        exit_price=row.exit_price,
        outcome=row.outcome,
        exit_reason=row.exit_reason,
        pnl_r=row.pnl_r,
        pnl_dollars=row.pnl_dollars,
    )
