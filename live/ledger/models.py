"""Tables of the ledger. Every table carries the account key, even with one account.

Money and prices are NUMERIC(18, 6) as Decimal; instants are UTC; sessions are dates. The order journal is the
part that must survive anything: a row is written before a request leaves and after every answer.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine


class JournalState(StrEnum):
    """Life of an order in our books (broker-side states once acknowledged)."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"
    ACKED = "ACKED"
    PENDING = "PENDING"
    WORKING = "WORKING"
    PARTIAL = "PARTIAL"
    CANCEL_PENDING = "CANCEL_PENDING"
    UNKNOWN_LIVE = "UNKNOWN_LIVE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    REFUSED = "REFUSED"
    ABSENT = "ABSENT"
    LAPSED = "LAPSED"

    @property
    def terminal(self) -> bool:
        """Whether nothing can happen to the order any more."""
        return self in _TERMINAL

    @property
    def unresolved(self) -> bool:
        """Whether nobody knows if the broker has the order."""
        return self in {JournalState.SENDING, JournalState.UNKNOWN, JournalState.AMBIGUOUS}


_TERMINAL = frozenset(
    {
        JournalState.FILLED,
        JournalState.CANCELED,
        JournalState.REPLACED,
        JournalState.EXPIRED,
        JournalState.REJECTED,
        JournalState.REFUSED,
        JournalState.ABSENT,
        JournalState.LAPSED,
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC datetimes out; SQLite stores them without a zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        """Refuse naive values; store UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime in the ledger")

        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """Return an aware UTC value."""
        del dialect

        return None if value is None else value.replace(tzinfo=UTC)


class Amount(TypeDecorator[Decimal]):
    """NUMERIC(18, 6) as Decimal everywhere.

    SQLite has no decimal type: six places are rounded before writing and restored after reading, which is
    exact up to 15 significant digits (999,999,999.999999).
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the database's own decimals where it has them."""
        if dialect.supports_native_decimal:
            return dialect.type_descriptor(Numeric(18, 6, asdecimal=True))

        return dialect.type_descriptor(Numeric(18, 6, asdecimal=False))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Round to six places; refuse NaN and infinity."""
        if value is None:
            return None
        rounded = round_amount(value)

        return rounded if dialect.supports_native_decimal else float(rounded)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return a Decimal with six places."""
        del dialect

        return None if value is None else round_amount(value)


_SIX_PLACES = Decimal("0.000001")


def round_amount(value: Decimal | float | str) -> Decimal:
    """Return `value` as the ledger keeps it: six places, half to even; ValueError when it is not finite."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is not an amount of money")

    return number.quantize(_SIX_PLACES)


class Base(DeclarativeBase):
    """Declarative base."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime,
        Decimal: Amount,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class Order(Base):
    """The order journal: intent first, then what became of it."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("account", "client_order_id"),
        Index("ix_orders_account_state", "account", "state"),
        Index("ix_orders_account_session", "account", "session"),
        Index("ix_orders_account_broker_id", "account", "broker_order_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    client_order_id: Mapped[str] = mapped_column(String(128))
    variant: Mapped[str] = mapped_column(String(64))
    session: Mapped[date]
    mode: Mapped[str] = mapped_column(String(20))
    symbol: Mapped[str] = mapped_column(String(16))
    side: Mapped[str] = mapped_column(String(8))
    intent: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int]
    order_type: Mapped[str] = mapped_column(String(16))
    time_in_force: Mapped[str] = mapped_column(String(8))
    attempt: Mapped[int] = mapped_column(default=0)
    parent_client_order_id: Mapped[str | None] = mapped_column(String(128))
    rank: Mapped[float] = mapped_column(default=0.0)
    reason: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reference_price: Mapped[Decimal | None]
    quote_price: Mapped[Decimal | None]
    stop_price: Mapped[Decimal | None]
    planned_stop_price: Mapped[Decimal | None]
    state: Mapped[str] = mapped_column(String(20))
    state_reason: Mapped[str] = mapped_column(Text, default="")
    broker_order_id: Mapped[str | None] = mapped_column(String(64))
    filled_quantity: Mapped[int] = mapped_column(default=0)
    average_price: Mapped[Decimal | None]
    commission: Mapped[Decimal] = mapped_column(default=Decimal(0))
    body: Mapped[dict[str, Any] | None]
    ids_before: Mapped[list[str] | None]
    position_before: Mapped[int | None]
    clock_offset_seconds: Mapped[float | None]
    seal: Mapped[str | None] = mapped_column(String(64))
    planned_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    gave_up_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class OrderEvent(Base):
    """Every step of every order, append-only."""

    __tablename__ = "order_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ExecutionRow(Base):
    """Executions by broker id: booking one twice is impossible."""

    __tablename__ = "executions"
    __table_args__ = (
        UniqueConstraint("account", "execution_id"),
        Index("ix_executions_order", "order_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    execution_id: Mapped[str] = mapped_column(String(128))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    broker_order_id: Mapped[str] = mapped_column(String(64))
    symbol: Mapped[str] = mapped_column(String(16))
    side: Mapped[str] = mapped_column(String(8))
    quantity: Mapped[int]
    price: Mapped[Decimal]
    commission: Mapped[Decimal] = mapped_column(default=Decimal(0))
    at: Mapped[datetime]
    booked_at: Mapped[datetime]


class LiveTrade(Base):
    """One row per filled order with the context of its decision."""

    __tablename__ = "live_trades"
    __table_args__ = (Index("ix_live_trades_account_session", "account", "session"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    variant: Mapped[str] = mapped_column(String(64))
    session: Mapped[date]
    at: Mapped[datetime]
    mode: Mapped[str] = mapped_column(String(20))
    symbol: Mapped[str] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(8))
    intent: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int]
    target_price: Mapped[Decimal | None]
    fill_price: Mapped[Decimal]
    commission: Mapped[Decimal]
    slippage_pct: Mapped[float | None]
    quote_slippage_pct: Mapped[float | None]
    realised_pnl: Mapped[Decimal | None]
    broker_order_id: Mapped[str | None] = mapped_column(String(64))
    cell: Mapped[int | None]
    trend_state: Mapped[str | None] = mapped_column(String(20))
    vol_state: Mapped[str | None] = mapped_column(String(10))
    t_norm: Mapped[float | None]
    z_score: Mapped[float | None]
    execution_time: Mapped[str] = mapped_column(String(30))
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)


class PositionRow(Base):
    """One row per account, variant, symbol and entry."""

    __tablename__ = "positions"
    __table_args__ = (Index("ix_positions_account_status", "account", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    variant: Mapped[str] = mapped_column(String(64))
    symbol: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(8))
    quantity: Mapped[int]
    entry_quantity: Mapped[int]
    entry_price: Mapped[Decimal]
    entry_session: Mapped[date]
    needs_stop: Mapped[bool] = mapped_column(default=False)
    stop_price: Mapped[Decimal | None]
    stop_client_order_id: Mapped[str | None] = mapped_column(String(128))
    stop_broker_order_id: Mapped[str | None] = mapped_column(String(64))
    stop_expires_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    exit_price: Mapped[Decimal | None]
    exit_session: Mapped[date | None]
    exit_reason: Mapped[str | None] = mapped_column(String(64))
    realised_pnl: Mapped[Decimal] = mapped_column(default=Decimal(0))


class RunLog(Base):
    """One row per session and variant: due, generated, approved, executed, missed."""

    __tablename__ = "run_log"
    __table_args__ = (UniqueConstraint("account", "session", "variant"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    session: Mapped[date]
    variant: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(8))
    mode: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None]
    generated_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    executed_at: Mapped[datetime | None]
    missed: Mapped[bool] = mapped_column(default=False)
    generator_exit: Mapped[int | None]
    executor_exit: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class SignalRow(Base):
    """The generated original of every signal file, its approval and what was executed."""

    __tablename__ = "signal_files"
    __table_args__ = (UniqueConstraint("account", "session", "variant"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    session: Mapped[date]
    variant: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(String(64))
    bytes_sha256: Mapped[str] = mapped_column(String(64))
    generated_at: Mapped[datetime]
    approved_sha256: Mapped[str | None] = mapped_column(String(64))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(64))
    approval_expires_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(String(8))
    executed_sha256: Mapped[str | None] = mapped_column(String(64))
    executed_content: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(20), default="pending")
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ShadowPosition(Base):
    """Current positions of a shadow's virtual book."""

    __tablename__ = "shadow_positions"
    __table_args__ = (UniqueConstraint("account", "variant", "symbol"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    variant: Mapped[str] = mapped_column(String(64))
    symbol: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[int]
    entry_price: Mapped[float]
    entry_session: Mapped[date]
    stop_price: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ShadowBookRow(Base):
    """Cash and last known equity of a shadow's virtual book."""

    __tablename__ = "shadow_books"
    __table_args__ = (UniqueConstraint("account", "variant"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    variant: Mapped[str] = mapped_column(String(64))
    session: Mapped[date]
    cash: Mapped[float]
    equity: Mapped[float]


class ShadowSignal(Base):
    """One decision of a shadow: pending until its session's bar is known, then settled once."""

    __tablename__ = "shadow_signals"
    __table_args__ = (UniqueConstraint("account", "variant", "session"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    variant: Mapped[str] = mapped_column(String(64))
    session: Mapped[date]
    status: Mapped[str] = mapped_column(String(10))
    decision: Mapped[dict[str, Any]] = mapped_column(default=dict)
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fills: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cash: Mapped[float]
    equity: Mapped[float]


class PerformanceSnapshot(Base):
    """Equity of a book at the end of a session."""

    __tablename__ = "performance_snapshots"
    __table_args__ = (UniqueConstraint("account", "variant", "session"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    variant: Mapped[str] = mapped_column(String(64))
    session: Mapped[date]
    at: Mapped[datetime]
    mode: Mapped[str] = mapped_column(String(20))
    equity: Mapped[float]
    cash: Mapped[float]
    daily_return: Mapped[float | None]
    cumulative_return: Mapped[float | None]
    drawdown: Mapped[float | None]
    cell: Mapped[int | None]
    residual_cash: Mapped[float | None]


class ConfigOverride(Base):
    """A setting changed by a person, with the time it holds. A later row of the same name wins."""

    __tablename__ = "config_overrides"
    __table_args__ = (Index("ix_config_overrides_account_name", "account", "parameter_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    parameter_name: Mapped[str] = mapped_column(String(128))
    override_value: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[datetime]
    effective_until: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")


class ConfigHistory(Base):
    """Snapshot of the settings whenever they changed."""

    __tablename__ = "config_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    config_sha256: Mapped[str] = mapped_column(String(64))
    config_snapshot: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(String(50))
    change_reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class SystemState(Base):
    """Small facts: kill switch, online confirmation, last session, learnt app tag."""

    __tablename__ = "system_state"
    __table_args__ = (UniqueConstraint("account", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))
    value: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime]


class Alert(Base):
    """Outbox: an alert is written before it is sent."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_account_key", "account", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))
    level: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
