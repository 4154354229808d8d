"""The price of limit orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one column."""
    with op.batch_alter_table("orders") as batch:
        batch.add_column(sa.Column("limit_price", sa.Numeric(18, 6), nullable=True))
