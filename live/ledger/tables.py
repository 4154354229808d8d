"""Tables of the ledger. Every table carries the account key, even with one account.

Money and prices are NUMERIC(18, 6) as Decimal; instants are UTC; sessions are dates. The order journal is the
part that must survive anything: a row is written before a request leaves and after every answer.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from live.ledger.records import Index, LedgerRow, Unique, column


class Base(LedgerRow):
    """Base of every table of the ledger."""


class Order(Base):
    """The order journal: intent first, then what became of it."""

    __tablename__ = "orders"
    __table_args__ = (
        Unique(("account", "client_order_id")),
        Index("ix_orders_account_state", ("account", "state")),
        Index("ix_orders_account_session", ("account", "session")),
        Index("ix_orders_account_broker_id", ("account", "broker_order_id")),
    )

    id: int = column(primary_key=True)
    account: str = column(64)
    client_order_id: str = column(128)
    variant: str = column(64)
    session: date
    mode: str = column(20)
    symbol: str = column(16)
    side: str = column(8)
    intent: str = column(12)
    quantity: int
    order_type: str = column(16)
    time_in_force: str = column(8)
    attempt: int = column(default=0)
    parent_client_order_id: str | None = column(128)
    rank: float = column(default=0.0)
    reason: str = column(default="")
    details: dict[str, Any] = column(default=dict)
    reference_price: Decimal | None
    quote_price: Decimal | None
    stop_price: Decimal | None
    planned_stop_price: Decimal | None
    state: str = column(20)
    state_reason: str = column(default="")
    broker_order_id: str | None = column(64)
    filled_quantity: int = column(default=0)
    average_price: Decimal | None
    commission: Decimal = column(default=Decimal(0))
    body: dict[str, Any] | None
    ids_before: list[str] | None
    position_before: int | None
    clock_offset_seconds: float | None
    seal: str | None = column(64)
    planned_at: datetime
    sent_at: datetime | None
    gave_up_at: datetime | None
    ended_at: datetime | None
    limit_price: Decimal | None


class OrderEvent(Base):
    """Every step of every order, append-only."""

    __tablename__ = "order_events"

    id: int = column(primary_key=True)
    account: str = column(64)
    order_id: int = column(references="orders.id", index=True)
    at: datetime
    state: str = column(20)
    detail: dict[str, Any] = column(default=dict)


class ExecutionRow(Base):
    """Executions by broker id: booking one twice is impossible."""

    __tablename__ = "executions"
    __table_args__ = (
        Unique(("account", "execution_id")),
        Index("ix_executions_order", ("order_id",)),
    )

    id: int = column(primary_key=True)
    account: str = column(64)
    execution_id: str = column(128)
    order_id: int | None = column(references="orders.id")
    broker_order_id: str = column(64)
    symbol: str = column(16)
    side: str = column(8)
    quantity: int
    price: Decimal
    commission: Decimal = column(default=Decimal(0))
    at: datetime
    booked_at: datetime


class LiveTrade(Base):
    """One row per filled order; `context` holds the context columns of its strategy, name -> value."""

    __tablename__ = "live_trades"
    __table_args__ = (Index("ix_live_trades_account_session", ("account", "session")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    order_id: int = column(references="orders.id", unique=True)
    variant: str = column(64)
    session: date
    at: datetime
    mode: str = column(20)
    symbol: str = column(16)
    action: str = column(8)
    intent: str = column(12)
    quantity: int
    target_price: Decimal | None
    fill_price: Decimal
    commission: Decimal
    slippage_pct: float | None
    quote_slippage_pct: float | None
    realised_pnl: Decimal | None
    broker_order_id: str | None = column(64)
    execution_time: str = column(30)
    parameters: dict[str, Any] = column(default=dict)
    context: dict[str, Any] = column(default=dict)


class PositionRow(Base):
    """One row per account, variant, symbol and entry.

    `current_value` is shares times the newest price a fill or a mark gave; rows of before revision 0002 have
    none, and those without a trade of ours no `mode` ("") and no `created_at`.
    """

    __tablename__ = "positions"
    __table_args__ = (Index("ix_positions_account_status", ("account", "status")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    variant: str = column(64)
    symbol: str = column(16)
    status: str = column(8)
    quantity: int
    entry_quantity: int
    entry_price: Decimal
    entry_session: date
    needs_stop: bool = column(default=False)
    stop_price: Decimal | None
    stop_client_order_id: str | None = column(128)
    stop_broker_order_id: str | None = column(64)
    stop_expires_at: datetime | None
    details: dict[str, Any] = column(default=dict)
    exit_price: Decimal | None
    exit_session: date | None
    exit_reason: str | None = column()
    realised_pnl: Decimal = column(default=Decimal(0))
    mode: str = column(20, default="")
    current_value: Decimal | None
    created_at: datetime | None
    last_updated: datetime | None


class RunLog(Base):
    """One row per session and variant: due, generated, approved, executed, missed."""

    __tablename__ = "run_log"
    __table_args__ = (Unique(("account", "session", "variant")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    session: date
    variant: str = column(64)
    role: str = column(8)
    mode: str = column(20)
    due_at: datetime | None
    generated_at: datetime | None
    approved_at: datetime | None
    executed_at: datetime | None
    missed: bool = column(default=False)
    generator_exit: int | None
    executor_exit: int | None
    outcome: str = column(20, default="")
    detail: dict[str, Any] = column(default=dict)
    source: str | None = column()
    past: bool | None


class SignalRow(Base):
    """The generated original of every signal file, its approval and what was executed."""

    __tablename__ = "signal_files"
    __table_args__ = (Unique(("account", "session", "variant")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    session: date
    variant: str = column(64)
    role: str = column(8)
    path: str = column()
    content: str = column()
    seal: str = column(64)
    bytes_sha256: str = column(64)
    generated_at: datetime
    approved_sha256: str | None = column(64)
    approved_at: datetime | None
    approved_by: str | None = column(64)
    approval_expires_at: datetime | None
    answer: str | None = column(8)
    executed_sha256: str | None = column(64)
    executed_content: str | None = column()
    outcome: str = column(20, default="pending")
    memory: dict[str, Any] = column(default=dict)


class ShadowPosition(Base):
    """Current positions of a shadow's virtual book."""

    __tablename__ = "shadow_positions"
    __table_args__ = (Unique(("account", "variant", "symbol")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    variant: str = column(64)
    symbol: str = column(16)
    quantity: int
    entry_price: float
    entry_session: date
    stop_price: float | None
    details: dict[str, Any] = column(default=dict)


class ShadowBookRow(Base):
    """Cash and last known equity of a shadow's virtual book."""

    __tablename__ = "shadow_books"
    __table_args__ = (Unique(("account", "variant")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    variant: str = column(64)
    session: date
    cash: float
    equity: float


class ShadowSignal(Base):
    """One decision of a shadow: pending until its session's bar is known, then settled once."""

    __tablename__ = "shadow_signals"
    __table_args__ = (Unique(("account", "variant", "session")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    variant: str = column(64)
    session: date
    status: str = column(10)
    decision: dict[str, Any] = column(default=dict)
    memory: dict[str, Any] = column(default=dict)
    fills: dict[str, Any] = column(default=dict)
    cash: float
    equity: float


class PerformanceSnapshot(Base):
    """Equity of a book at the end of a session, and the context columns of its strategy."""

    __tablename__ = "performance_snapshots"
    __table_args__ = (Unique(("account", "variant", "session")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    variant: str = column(64)
    session: date
    at: datetime
    mode: str = column(20)
    equity: float
    cash: float
    daily_return: float | None
    cumulative_return: float | None
    drawdown: float | None
    residual_cash: float | None
    context: dict[str, Any] = column(default=dict)


class CashFlow(Base):
    """Cash that came or went without a trade: deposits and withdrawals, dividends, interest, fees."""

    __tablename__ = "cash_flows"
    __table_args__ = (Unique(("account", "flow_id")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    flow_id: str = column(128)
    day: date
    kind: str = column(20)
    amount: Decimal
    note: str = column(default="")
    noted_at: datetime


class JournalTrade(Base):
    """One trade of a session of breakouts, ended or turned away; prices in points, results after costs.

    `id` is the number in the journal; `risk_check_passed` is None where the risk of the day was never asked.
    """

    __tablename__ = "trade_journal"
    __table_args__ = (
        Unique(("account", "mode", "trading_day", "strategy_id")),
        Index("ix_trade_journal_strategy", ("account", "strategy_id")),
    )

    id: int = column(primary_key=True)
    account: str = column(64)
    mode: str = column(16)
    run_id: str = column(64)
    trading_day: date
    strategy_id: str = column(128)
    orb_label: str = column(32)
    entry_model: str = column(8)
    direction: str = column(8)
    contracts: int
    entry_ts: datetime | None
    entry_price: float | None
    stop_price: float | None
    target_price: float | None
    signal_price: float | None
    exit_ts: datetime | None
    exit_price: float | None
    exit_reason: str = column()
    outcome: str = column(16)
    pnl_r: float | None
    pnl_dollars: float | None
    mae_r: float | None
    mfe_r: float | None
    risk_check_passed: bool | None
    risk_check_reason: str = column(default="")
    created_at: datetime
