"""For how many shares a stop may be placed: those the account holds and no other order binds.

A stop for more would be refused and leave nothing protected, or sell short what a person sold before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from live.books.unknown_orders import described
from live.orders.listing import listed
from live.reconciliation.settling import RECENT, settled

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.ledger.tables import PositionRow
    from live.model.broker import Account, BrokerOrder


@dataclass(frozen=True, slots=True)
class Cover:
    """What a stop of a position can cover.

    Attributes:
        shares: a stop may be placed for so many.
        held: shares of the position that the account shows.
        others: live sells not sent by this program, which bind shares.
    """

    shares: int
    held: int
    others: tuple[BrokerOrder, ...] = ()

    def problem(self, position: PositionRow) -> str:
        """Return what keeps shares of the position without a stop of ours, empty when nothing does."""
        if self.shares >= position.quantity:
            return ""
        placed = f"a stop for {self.shares}" if self.shares else "no stop"
        why = []
        if self.held < position.quantity:
            why.append(f"the account shows {self.held} of the {position.quantity} shares of the books")
        if self.others:
            named = ", ".join(f"{described(o)}, {_way_out(o, position)}" for o in self.others)
            why.append(f"shares are bound by an order not sent by this program: {named}")
        return f"{position.symbol}: {placed} is placed: {'; '.join(why)}"


def _way_out(order: BrokerOrder, position: PositionRow) -> str:
    adopt = f"jutsu resolve --broker-order {order.order_id} --adopt --variant {position.variant}"
    return f"cancel it at the broker, or `{adopt}` takes it over"


def cover_of(context: ExecutionContext, position: PositionRow) -> Cover:
    """Return what a stop can cover; shares bought in the last minutes count as held.

    Accounts are seconds behind: waiting for one would leave what was just bought without a stop.
    """
    since = context.clock.now() - RECENT
    lately = any(row.symbol == position.symbol for row in context.ledger.executions.since(since))
    if context.shared.run.alone or lately:
        return Cover(position.quantity, position.quantity)
    return _cover(context, position, context.broker.account())


def settled_cover(context: ExecutionContext, position: PositionRow) -> Cover:
    """Return what a stop can cover by an account that had its time to show what was bought."""
    account = context.broker.account()
    return _cover(context, position, settled(context.shared, context.broker, account))


def _cover(context: ExecutionContext, position: PositionRow, account: Account) -> Cover:
    rows = context.ledger.positions.open_positions()
    elsewhere = sum(row.quantity for row in rows if row.symbol == position.symbol and row.id != position.id)
    held = max(0, min(position.quantity, account.shares().get(position.symbol, 0) - elsewhere))
    others = _other_sells(context, position.symbol)
    bound = sum(order.quantity - order.filled_quantity for order in others)
    return Cover(max(0, held - bound), held, others)


def _other_sells(context: ExecutionContext, symbol: str) -> tuple[BrokerOrder, ...]:
    """Return the live sells of a symbol that the ledger does not know."""
    known = context.ledger.orders.bound_broker_ids()
    return tuple(
        shown
        for shown in listed(context.broker, context.clock)
        if (shown.symbol, shown.side) == (symbol, "sell")
        and not shown.state.terminal
        and not {shown.order_id, shown.parent_id} & known
    )
