"""Words of one strategy leave the tables of all; positions know their mode, value and times.

`live_trades` and `performance_snapshots` keep what the strategy knew as one JSON `context`, name ->
value. Every value is kept; one that was NULL has no entry.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: table -> columns that become entries of its context
MOVED = {
    "live_trades": ("cell", "trend_state", "vol_state", "t_norm", "z_score"),
    "performance_snapshots": ("cell",),
}


def upgrade() -> None:
    """Move the values, then drop their columns; add the columns of positions."""
    for table, columns in MOVED.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("context", sa.JSON(), nullable=True))
        _move(table, columns)
        with op.batch_alter_table(table) as batch:
            batch.alter_column("context", existing_type=sa.JSON(), nullable=False)
            for column in columns:
                batch.drop_column(column)
    with op.batch_alter_table("positions") as batch:
        batch.add_column(sa.Column("mode", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("current_value", sa.Numeric(18, 6), nullable=True))
        batch.add_column(sa.Column("created_at", sa.DateTime(), nullable=True))
        batch.add_column(sa.Column("last_updated", sa.DateTime(), nullable=True))
    _fill_positions()
    with op.batch_alter_table("positions") as batch:
        batch.alter_column("mode", existing_type=sa.String(length=20), nullable=False)


def _move(name: str, columns: tuple[str, ...]) -> None:
    table = sa.table(name, sa.column("id"), sa.column("context", sa.JSON()), *map(sa.column, columns))
    connection = op.get_bind()
    for row in connection.execute(sa.select(table)).mappings().all():
        context: dict[str, Any] = {c: row[c] for c in columns if row[c] is not None}
        connection.execute(sa.update(table).where(table.c.id == row["id"]).values(context=context))


def _fill_positions() -> None:
    """Take mode and first instant from the oldest trade of the entry; adopted shares have none."""
    positions = sa.table("positions", *map(sa.column, ("mode", "created_at", *_KEY, "entry_session")))
    trades = sa.table("live_trades", *map(sa.column, ("id", "mode", "at", "action", *_KEY, "session")))
    entry = (
        *(trades.c[name] == positions.c[name] for name in _KEY),
        trades.c.session == positions.c.entry_session,
        trades.c.action == "buy",
    )

    def oldest(name: str) -> sa.ScalarSelect[Any]:
        found = sa.select(trades.c[name]).where(*entry).order_by(trades.c.id).limit(1)
        return found.correlate(positions).scalar_subquery()

    values = {"mode": sa.func.coalesce(oldest("mode"), ""), "created_at": oldest("at")}
    op.get_bind().execute(sa.update(positions).values(**values))


_KEY = ("account", "variant", "symbol")
