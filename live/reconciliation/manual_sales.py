"""What a person did at the broker: a position that was sold by hand is closed at the price of that sale.

Only an unmistakable sale counts: the broker shows nothing of the symbol any more and exactly one filled sell
that is not ours, for exactly the shares of exactly one book, after their purchase. Everything else stays a
difference that stops the run. The sale enters the journal and the trades like any order of the book.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK
from live.ledger.orders import OrderPlan
from live.model.broker import BrokerOrder
from live.model.order_ids import OrderName, with_account

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from live.ledger.tables import PositionRow
    from live.model.broker import Broker
    from live.reconciliation.model import SymbolDifference
    from live.runtime.runtime import RunContext

REASON = "manual_sell_sync"
#: how far back the broker's list is searched: some brokers keep no more
LOOK_BACK = timedelta(days=30)


def close_sold_by_hand(
    context: RunContext, broker: Broker, differences: Iterable[SymbolDifference]
) -> tuple[str, ...]:
    """Close positions that were sold by hand, each in one commit; return one line per position.

    The cash of the sale is booked too, so that it does not look like an unexplained jump.
    """
    gone = [line for line in differences if line.ledger > 0 and line.broker == 0]
    if not gone:
        return ()
    now = context.clock.now()
    listed = broker.orders(now - LOOK_BACK, now)
    bound = context.ledger.orders.bound_broker_ids()
    closed: list[str] = []
    for line in gone:
        rows = [row for row in context.ledger.positions.open_positions() if row.symbol == line.symbol]
        unknown = [o for o in listed if o.order_id not in bound and o.symbol == line.symbol]
        sale = _sale(rows, unknown)
        if sale is not None:
            closed.append(_close(context, broker, rows[0], sale))
    return tuple(closed)


def _sale(rows: Sequence[PositionRow], unknown: Sequence[BrokerOrder]) -> BrokerOrder | None:
    """Return the one sell that explains why a position is gone; None when anything is not clear."""
    sells = [order for order in unknown if order.side == "sell" and order.filled_quantity]
    if len(rows) != 1 or len(sells) != 1:
        return None
    (row,), (sale,) = rows, sells
    executed = sum(execution.quantity for execution in sale.executions)
    bought = calendar.session(row.entry_session)
    if sale.filled_quantity != row.quantity or executed != row.quantity or sale.average_price is None:
        return None
    if bought is None or sale.entered_at is None or sale.entered_at < bought.open:
        return None
    return sale


def _close(context: RunContext, broker: Broker, row: PositionRow, sale: BrokerOrder) -> str:
    from live.alerts.causes import key_of
    from live.alerts.outbox import send

    _journal(context, broker, row, sale)
    text = (
        f"{row.symbol}: {row.quantity} shares of {row.variant} were sold by hand at {sale.average_price:f} "
        f"(order {sale.order_id}); the position is closed"
    )
    send(
        context,
        key=key_of("sold_by_hand", variant=row.variant, session=row.entry_session, detail=str(row.id)),
        level="warning",
        title=f"{row.symbol} was sold by hand",
        body=text,
    )
    return text


def _journal(context: RunContext, broker: Broker, row: PositionRow, sale: BrokerOrder) -> None:
    """Write the sale as an exit of the book, book its fills and record the trade, in one commit."""
    from live.ledger.trades import TradeContext
    from live.orders.submission import Submission

    ledger, now = context.ledger, context.clock.now()
    day = max(execution.at for execution in sale.executions).astimezone(NEW_YORK).date()
    prefix = with_account(context.settings.account, row.variant)
    name = str(OrderName.of(prefix, session=day, symbol=row.symbol, intent="exit", side="sell"))
    with ledger.transaction():
        attempt = 0
        if ledger.orders.get(name) is not None:
            name, attempt = ledger.orders.next_retry_id(name)
        plan = OrderPlan(
            client_order_id=name,
            variant=row.variant,
            session=day,
            mode=context.settings.mode,
            symbol=row.symbol,
            side="sell",
            intent="exit",
            quantity=row.quantity,
            attempt=attempt,
            reason=REASON,
        )
        submission = Submission(broker, ledger, context.clock)
        booked = submission.adopt(plan, sale)
        profit = (sale.average_price - row.entry_price) * row.quantity if sale.average_price else None
        ledger.trades.record(booked, TradeContext(execution_time="", realised_pnl=profit), at=now)
