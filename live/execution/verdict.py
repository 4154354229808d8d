"""The verdict on a run that reached its end: None, or an error (exit 5 or 7) for missed orders or prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.core.errors import DataError, LimitError
from live.execution import rotation
from live.execution.gates import TRADES
from live.orders.attempts import NOT_ACCEPTED, Attempts

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.handoff.model import SignalOrder
    from live.ledger.signal_files import Outcome


class OrdersMissed(LimitError):  # noqa: N818 - named for what a person reads
    """The run reached its end, but a sell was missed or no order was filled (exit 7)."""


class PricesDoubted(DataError):  # noqa: N818 - named for what a person reads
    """The run reached its end, but orders were held back for prices that are not believed (exit 5)."""


def verdict(context: ExecutionContext, outcome: Outcome) -> OrdersMissed | PricesDoubted | None:
    """Return why a run that went through all its phases is no success, None when it is one.

    A sell that was held back or did not sell all its shares, prices that nobody may trade on, buying stopped
    for its prices, or a file of which no order was filled. Orders of the phase ``place`` wait for the open: a
    poll judges them.
    """
    missed = missed_exits(context)
    doubts = [*context.notes.doubts.values()]
    if missed:
        problem = f"not sold as decided: {', '.join(missed)}"
    elif doubts:
        return PricesDoubted(
            f"prices that cannot be believed: {doubts[0].path}: {doubts[0].problem}",
            where="price gate",
            remedy=doubts[0].remedy,
            findings=doubts,
        )
    elif context.notes.aborted:
        problem = f"buying was stopped: {context.notes.stop_buying}"
    elif outcome == "failed" or nothing_filled(context):
        reasons = [text for _, text in unfilled(context)]
        problem = f"no order was filled: {'; '.join(reasons) or 'every one was rejected'}"
    else:
        return None
    return OrdersMissed(
        problem,
        where=str(context.job.path),
        remedy="`jutsu status` and the broker's own screen; inside the window the same command sends what "
        "was held back or did not fill, but nothing that the broker refused",
    )


def unfilled(context: ExecutionContext) -> list[tuple[SignalOrder, str]]:
    """Return the orders that have ended without all their shares, each with a line that says why."""
    tries = context.attempts_of(context.job.go)
    return [
        (order, _unfilled_line(context, order, attempts))
        for order in context.job.go
        if (attempts := tries[order.client_order_id])
        and not attempts.open_attempts
        and attempts.filled < attempts.first.quantity
    ]


def _unfilled_line(context: ExecutionContext, order: SignalOrder, attempts: Attempts) -> str:
    last = attempts.last
    reason = "" if last is None or last.state not in NOT_ACCEPTED else last.state_reason or last.state.lower()
    quote = None if reason else context.quote(order.symbol)
    if not reason and quote is not None and quote.status not in TRADES:
        reason = f"the security is {quote.status}"
    if attempts.cancelled_by_hand:
        reason = "cancelled at the broker, not by this program: it is not sent again"
    if not reason and not attempts.filled:
        reason = "nobody traded with it (halted, or no market)"
    count = "1 try" if len(attempts) == 1 else f"{len(attempts)} tries"
    text = (
        f"{order.symbol}: {attempts.filled} of {attempts.first.quantity} shares filled in {count} "
        f"({order.intent})"
    )
    return f"{text}: {reason}" if reason else text


def missed_exits(context: ExecutionContext) -> list[str]:
    """Return the symbols of sells that were held back or ended with shares unsold."""
    tries = context.attempts_of(context.job.go)
    whole = rotation.kept_whole(context)
    return [
        order.symbol
        for order in context.job.go
        if order.side == "sell"
        and order.client_order_id not in whole
        and (order.client_order_id in context.notes.gated or _unsold(context, tries[order.client_order_id]))
    ]


def nothing_filled(context: ExecutionContext) -> bool:
    """Tell whether orders were sent, all have ended, and none got a share."""
    found = context.attempts_of(context.job.go).values()
    tries = [attempts for attempts in found if attempts and attempts.planned is None]
    return bool(tries) and not any(attempts.filled or attempts.open_attempts for attempts in tries)


def _unsold(context: ExecutionContext, attempts: Attempts) -> bool:
    if not attempts or attempts.filled >= attempts.first.quantity:
        return False
    return context.phase == "all" or not attempts.open_attempts
