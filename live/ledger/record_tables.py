"""Tables of what was set, said and done: settings, small facts, alerts, deliveries, the audit log."""

from __future__ import annotations

from datetime import datetime

from live.ledger.records import Index, Unique, column
from live.ledger.tables import Base


class ConfigOverride(Base):
    """A setting changed by a person, with the time it holds. A later row of the same name wins."""

    __tablename__ = "config_overrides"
    __table_args__ = (Index("ix_config_overrides_account_name", ("account", "parameter_name")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    parameter_name: str = column(128)
    override_value: str = column()
    effective_from: datetime
    effective_until: datetime | None
    created_by: str = column(50)
    created_at: datetime
    reason: str = column(default="")


class ConfigHistory(Base):
    """Snapshot of the settings whenever they changed."""

    __tablename__ = "config_history"

    id: int = column(primary_key=True)
    account: str = column(64)
    config_sha256: str = column(64)
    config_snapshot: str = column()
    changed_by: str = column(50)
    change_reason: str = column()
    created_at: datetime


class SystemState(Base):
    """Small facts: kill switch, online confirmation, last session, learnt app tag."""

    __tablename__ = "system_state"
    __table_args__ = (Unique(("account", "key")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    key: str = column(64)
    value: str | None = column()
    updated_at: datetime


class Alert(Base):
    """Outbox: an alert is written before it is sent.

    `sent_at` is when nothing was left to do: delivered, given up, or wanted by nobody (`error` says which).
    """

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_account_key", ("account", "key")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    key: str = column(128)
    level: str = column(10)
    title: str = column()
    body: str = column()
    created_at: datetime
    sent_at: datetime | None
    attempts: int = column(default=0)
    error: str = column(default="")
    html: str | None = column()
    run: str | None = column(32)
    acknowledged_at: datetime | None
    acknowledged_by: str | None = column(64)


class AlertDelivery(Base):
    """One alert at one channel: an alert reaches each channel once, and a failing one is tried by itself.

    `due_at` is when it is tried next. It ends with `delivered_at` or, given up, with `dead_at`.
    """

    __tablename__ = "alert_deliveries"
    __table_args__ = (Unique(("account", "alert_id", "channel")),)

    id: int = column(primary_key=True)
    account: str = column(64)
    alert_id: int = column(references="alerts.id")
    channel: str = column(64)
    attempts: int = column(default=0)
    last_at: datetime
    delivered_at: datetime | None
    error: str = column(default="")
    due_at: datetime | None
    dead_at: datetime | None


class AuditEntry(Base):
    """One action of a person, done or refused; `hash` seals the row and the one before it."""

    __tablename__ = "audit_log"

    id: int = column(primary_key=True)
    account: str = column(64)
    at: datetime
    actor: str = column(64)
    via: str = column(16)
    address: str = column(64)
    action: str = column(32)
    subject: str = column()
    before: str = column()
    after: str = column()
    outcome: str = column()
    previous_hash: str = column(64)
    hash: str = column(64)
