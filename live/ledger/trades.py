"""Filled orders with the context of their decision, for people and spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from backtest.trading.slippage import slippage_pct
from live.ledger.database import Repository
from live.ledger.statements import matching, select, within
from live.ledger.tables import LiveTrade, Order

_GET: Final = select(LiveTrade, matching("account", "order_id"))


@dataclass(frozen=True, slots=True)
class TradeContext:
    """What was known when a trade was decided; None where the strategy has no such value.

    Attributes:
        parameters: every parameter of the strategy at that time.
        context: values of the strategy's context columns by name.
        quote_slippage_pct: against the quote at submission, percent, positive is worse for us.
        realised_pnl: profit of a sale against average cost.
    """

    execution_time: str
    realised_pnl: Decimal | None = None
    quote_slippage_pct: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


class Trades(Repository):
    """The `live_trades` table of one account."""

    def record(
        self, order: Order, context: TradeContext, *, at: datetime, session: date | None = None
    ) -> LiveTrade | None:
        """Write the trade of an order that filled at least one share; a later, larger fill updates the row.

        `session` is when it filled, where that is not the session of the order (a stop).

        Returns:
            The row; None when nothing filled or no price is known (a price of 0 is never stored).
        """
        if not order.filled_quantity or order.average_price is None:
            return None
        values = {
            "variant": order.variant,
            "session": session or order.session,
            "at": at,
            "mode": order.mode,
            "symbol": order.symbol,
            "action": order.side,
            "intent": order.intent,
            "quantity": order.filled_quantity,
            "target_price": target_price(order),
            "fill_price": order.average_price,
            "commission": order.commission,
            "slippage_pct": slippage_pct(order.side, order.average_price, target_price(order)),
            "broker_order_id": order.broker_order_id,
            "execution_time": context.execution_time,
            "realised_pnl": context.realised_pnl,
            "quote_slippage_pct": context.quote_slippage_pct,
            "parameters": dict(context.parameters),
            "context": dict(context.context),
        }
        with self._db.transaction():
            known = self._one(_GET, {"order_id": order.id})
            if known is not None:
                values["at"] = known.at
                if context.realised_pnl is None:
                    values["realised_pnl"] = known.realised_pnl
            self._upsert(LiveTrade, {"order_id": order.id}, values)
            return self._one(_GET, {"order_id": order.id})

    def recent(
        self, limit: int | None = 50, mode: str | None = None, variant: str | None = None
    ) -> tuple[LiveTrade, ...]:
        """Return the newest trades, newest first; all of them when `limit` is None."""
        given = {name: value for name, value in (("mode", mode), ("variant", variant)) if value is not None}
        query = select(LiveTrade, matching("account", *given), order="id DESC", limit=limit)
        return self._all(query, given)

    def between(self, since: date | None = None, until: date | None = None) -> tuple[LiveTrade, ...]:
        """Return the trades of a range of sessions, oldest first (for export)."""
        query = select(LiveTrade, within(matching("account"), since, until), order="session, id")
        return self._all(query, {"since": since, "until": until})


def target_price(order: Order) -> Decimal | None:
    """Return the price a trade was meant to have, None when there was none.

    The decision's price; of a stop its level, of a sale by panic the quote: never what was once paid.
    """
    if order.intent == "stop":
        return order.stop_price or order.quote_price
    return order.quote_price if order.reason == "panic" else order.reference_price
