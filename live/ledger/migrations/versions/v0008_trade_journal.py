"""The trade journal of sessions of breakouts: one row per trade that ended or was turned away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "trade_journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("trading_day", sa.Date(), nullable=False),
        sa.Column("strategy_id", sa.String(length=128), nullable=False),
        sa.Column("orb_label", sa.String(length=32), nullable=False),
        sa.Column("entry_model", sa.String(length=8), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("contracts", sa.Integer(), nullable=False),
        sa.Column("entry_ts", sa.DateTime(), nullable=True),
        *(
            sa.Column(name, sa.Double(), nullable=True)
            for name in ("entry_price", "stop_price", "target_price", "signal_price")
        ),
        sa.Column("exit_ts", sa.DateTime(), nullable=True),
        sa.Column("exit_price", sa.Double(), nullable=True),
        sa.Column("exit_reason", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("pnl_r", "pnl_dollars", "mae_r", "mfe_r")),
        sa.Column("risk_check_passed", sa.Boolean(), nullable=True),
        sa.Column("risk_check_reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "mode", "trading_day", "strategy_id"),
    )
    op.create_index("ix_trade_journal_strategy", "trade_journal", ["account", "strategy_id"])
