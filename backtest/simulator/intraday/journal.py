"""The trade journal of a session: one row for every trade that ended or was turned away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from backtest.simulator.intraday.engine import SessionEngine
from backtest.simulator.intraday.events import Direction
from backtest.simulator.intraday.session_trade import SessionTrade, TradeOutcome
from backtest.strategies.opening_range_breakout.strategy_key import EntryModel

JournalMode = Literal["replay", "walk_forward", "paper", "live"]


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One trade; prices in points, results after costs; what a trade does not have is None.

    Attributes:
        journal_id: number in the journal, from 1.
        mode: where it came from.
        run_id: of the run that wrote it.
        trading_day: its day.
        strategy_id, orb_label, entry_model: its strategy.
        direction: of the break.
        contracts: 0 for a trade that was turned away.
        entry_ts, entry_price, stop_price, target_price: of the entry.
        signal_price: close of the confirming bar.
        exit_ts, exit_price, exit_reason: of the end.
        outcome: how it ended.
        pnl_r, pnl_dollars: what it was worth; dollars for all contracts.
        mae_r, mfe_r: worst and best excursion.
        risk_check_passed, risk_check_reason: of the risk of the day, None where it was not asked; a warning
            is a reason too.
        created_at: when the row was written, as the caller says.
    """

    journal_id: int
    mode: JournalMode
    run_id: str
    trading_day: date
    strategy_id: str
    orb_label: str
    entry_model: EntryModel
    direction: Direction
    contracts: int
    entry_ts: datetime | None
    entry_price: float | None
    stop_price: float | None
    target_price: float | None
    signal_price: float | None
    exit_ts: datetime | None
    exit_price: float | None
    exit_reason: str
    outcome: TradeOutcome
    pnl_r: float | None
    pnl_dollars: float | None
    mae_r: float | None
    mfe_r: float | None
    risk_check_passed: bool | None
    risk_check_reason: str
    created_at: datetime


def journal_of(
    session: SessionEngine, mode: JournalMode, run_id: str, *, created_at: datetime, first_id: int = 1
) -> Iterator[JournalRow]:
    """Yield the rows of an ended session in plan order; a cancelled trade has none, it never was one."""
    numbered = first_id
    for strategy in session.plan.strategies:
        trade = session.trades.get(strategy.id)
        if trade is not None and trade.outcome is not None:
            row = _row(session, trade, trade.outcome, mode, run_id)
            yield replace(row, journal_id=numbered, created_at=created_at)
            numbered += 1


def _row(
    session: SessionEngine,
    trade: SessionTrade,
    outcome: TradeOutcome,
    mode: JournalMode,
    run_id: str,
) -> JournalRow:
    entered = outcome != "rejected"
    mae, mfe = trade.excursions_r(session.plan.instrument) if entered else (None, None)
    key = trade.strategy.key
    return JournalRow(
        journal_id=0,
        mode=mode,
        run_id=run_id,
        trading_day=session.plan.day.day,
        strategy_id=trade.strategy.id,
        orb_label=key.label,
        entry_model=key.model,
        direction=trade.direction,
        contracts=trade.contracts,
        entry_ts=trade.entered_at,
        entry_price=trade.price(trade.entry) if entered else None,
        stop_price=trade.price(trade.stop) if entered else None,
        target_price=trade.price(trade.target) if entered else None,
        signal_price=None if trade.confirmed_at is None else trade.price(trade.signal),
        exit_ts=trade.exited_at,
        exit_price=trade.price(trade.exit) if entered else None,
        exit_reason=trade.reason,
        outcome=outcome,
        pnl_r=trade.result_r if entered else None,
        pnl_dollars=round(trade.dollars, 2) if entered else None,
        mae_r=mae,
        mfe_r=mfe,
        risk_check_passed=trade.passed,
        risk_check_reason=trade.reason if trade.passed is False else trade.note,
        created_at=session.plan.end,
    )
