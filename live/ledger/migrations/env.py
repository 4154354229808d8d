"""Alembic's entry point: it migrates the connection it is given and does not own the transaction."""

from __future__ import annotations

from alembic import context

from live.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    # SQLite cannot alter most things in place: batch mode copies the table.
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
