"""Executed trades with the context they were decided in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import LiveTrade


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One filled order; the fields are the columns of `jutsu export`.

    Attributes:
        quantity: whole shares. target_price, fill_price, commission, realised_pnl: account currency.
        slippage_pct: against the target price, percent, positive is worse for us.
        judged_slippage_pct: likewise, against what the fill is judged by: the quote it was
            sent on, the opening price where it waited for that, the level of a stop; None where unknown.
        cell, trend_state, vol_state, t_norm, z_score: columns that every export has, from the context of the
            decision; None where the strategy has none.
        reason: why the order existed: the rule that ended a position, or what led to an entry.
    """

    session: date
    variant: str
    symbol: str
    action: str
    intent: str
    quantity: int
    target_price: Decimal | None
    fill_price: Decimal
    commission: Decimal
    slippage_pct: float | None
    judged_slippage_pct: float | None
    realised_pnl: Decimal | None
    cell: int | None
    trend_state: str | None
    vol_state: str | None
    t_norm: float | None
    z_score: float | None
    execution_time: str
    mode: str
    broker_order_id: str | None
    at: datetime
    reason: str

    @property
    def why(self) -> str:
        """The rule that ended a position where one did, else the intent."""
        by_rule = self.action == "sell" and self.reason and " " not in self.reason
        return self.reason if by_rule else self.intent


def read_trades(
    ledger: Ledger, *, limit: int | None = None, mode: str | None = None, since: date | None = None
) -> tuple[TradeRow, ...]:
    """Return the newest trades, newest first.

    Args:
        ledger: of the account.
        limit: how many are looked at, None for all.
        mode: only trades of this mode.
        since: first session.
    """
    rows = ledger.trades.recent(limit, mode)
    return tuple(_trade(ledger, row) for row in rows if since is None or row.session >= since)


def _trade(ledger: Ledger, row: LiveTrade) -> TradeRow:
    order = ledger.orders.by_broker_id(row.broker_order_id) if row.broker_order_id else None
    return TradeRow(
        session=row.session,
        variant=row.variant,
        symbol=row.symbol,
        action=row.action,
        intent=row.intent,
        quantity=row.quantity,
        target_price=row.target_price,
        fill_price=row.fill_price,
        commission=row.commission,
        slippage_pct=row.slippage_pct,
        judged_slippage_pct=row.quote_slippage_pct,
        realised_pnl=row.realised_pnl,
        cell=row.context.get("cell"),
        trend_state=row.context.get("trend_state"),
        vol_state=row.context.get("vol_state"),
        t_norm=row.context.get("t_norm"),
        z_score=row.context.get("z_score"),
        execution_time=row.execution_time,
        mode=row.mode,
        broker_order_id=row.broker_order_id,
        at=row.at,
        reason="" if order is None else order.reason,
    )
