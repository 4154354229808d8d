"""What a book holds since this session and did not before, and what it holds no more: one message each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.alerts.causes import key_of
from live.alerts.outbox import send

if TYPE_CHECKING:
    from live.execution.job import Job
    from live.ledger.tables import PositionRow
    from live.runtime.runtime import RunContext


def tell_positions(context: RunContext, job: Job) -> None:
    """Tell of positions opened and closed in the session of a file; each is told once."""
    positions, variant, day = context.ledger.positions, job.variant, job.day
    for row in positions.open_positions(variant):
        if row.entry_session == day:
            _opened(context, row)
    for row in positions.closed(variant):
        if row.exit_session == day:
            _closed(context, row)


def _opened(context: RunContext, row: PositionRow) -> None:
    stop = "" if row.stop_price is None else f", stop {row.stop_price:f}"
    send(
        context,
        key=key_of("position_opened", variant=row.variant, session=row.entry_session, detail=row.symbol),
        level="info",
        title=f"{row.variant} opened {row.symbol}",
        body=f"{row.quantity} {row.symbol} at {row.entry_price:.2f}{stop}",
    )


def _closed(context: RunContext, row: PositionRow) -> None:
    why = row.exit_reason or "sold"
    price = "" if row.exit_price is None else f" at {row.exit_price:.2f}"
    assert row.exit_session is not None  # only closed ones of the session come here
    send(
        context,
        key=key_of("position_closed", variant=row.variant, session=row.exit_session, detail=row.symbol),
        level="info",
        title=f"{row.variant} closed {row.symbol}",
        body=f"{row.entry_quantity} {row.symbol}{price}, realised {row.realised_pnl:,.2f}: {why}",
    )
