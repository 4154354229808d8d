"""Positions without any stop in a book whose strategy has stops: the executor places none by itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from live.books.owners import stop_loss_pct

if TYPE_CHECKING:
    from pathlib import Path

    from live.ledger.positions import Positions
    from live.ledger.tables import PositionRow

REMEDY = "sell it (`jutsu order add`), or watch it yourself: the executor places no stop"


def stopless(positions: Positions, strategies: Path) -> tuple[PositionRow, ...]:
    """Return the open positions that carry no stop although the terms of their strategy have one.

    Bought by an older version, or by hand. One that needs its stop and waits for it is not among them: see
    `Positions.unprotected`. A strategy that cannot be read says nothing.
    """
    loss = cache(lambda variant: stop_loss_pct(strategies, variant))
    return tuple(
        row
        for row in positions.open_positions()
        if (not row.needs_stop or (row.stop_price is None and row.stop_broker_order_id))
        and loss(row.variant) is not None
    )
