"""Alerts: HTML, run and acknowledgement; deliveries: when they are tried next and when they were given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_GAVE_UP = "gave up: %"


def upgrade() -> None:
    """Add the columns. Criticals of before count as acknowledged, or they would all ring again.

    What still waits is due at once; what an earlier release gave up is dead.
    """
    with op.batch_alter_table("alerts") as batch:
        batch.add_column(sa.Column("html", sa.Text(), nullable=True))
        batch.add_column(sa.Column("run", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("acknowledged_at", sa.DateTime(), nullable=True))
        batch.add_column(sa.Column("acknowledged_by", sa.String(length=64), nullable=True))
    with op.batch_alter_table("alert_deliveries") as batch:
        batch.add_column(sa.Column("due_at", sa.DateTime(), nullable=True))
        batch.add_column(sa.Column("dead_at", sa.DateTime(), nullable=True))
    op.execute("UPDATE alerts SET acknowledged_at = created_at, acknowledged_by = 'upgrade'")
    op.execute("UPDATE alert_deliveries SET due_at = last_at WHERE delivered_at IS NULL")
    op.execute(
        sa.text(
            "UPDATE alert_deliveries SET dead_at = last_at, due_at = NULL WHERE delivered_at IS NULL "
            "AND alert_id IN (SELECT id FROM alerts WHERE error LIKE :gave_up)"
        ).bindparams(gave_up=_GAVE_UP)
    )
