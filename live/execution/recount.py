"""After the sells: the buys that the broker's cash affords, at current prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from backtest.core.errors import BrokerError
from backtest.strategies.earnings_swing.parameters import most_shares
from backtest.trading.sizing import PlannedOrder, afford
from live.execution import slippage
from live.execution.context import ExecutionContext
from live.execution.marketable import above_quote_pct
from live.handoff.model import SignalOrder
from live.model.broker import Account
from live.orders.attempts import Attempts

#: seconds between the looks at a cash balance that lags behind the fills
CASH_WAITS = (1.0, 2.0, 4.0, 8.0)
#: share of the cash by which books and broker may differ in a session (fees, interest)
CASH_SLACK = Decimal("0.001")


def affordable(
    context: ExecutionContext, buys: Sequence[SignalOrder], *, budget_pct: float
) -> dict[str, int]:
    """Return client order id -> shares to buy now, cut in rank order to the broker's cash.

    The backtest's own rule decides (`backtest.trading.sizing.afford`), on the broker's cash and positions at
    current prices. What earlier tries of an order filled is not bought again.

    Raises:
        BrokerError: the broker gave no figure for the cash.
    """
    attempts = context.attempts_of(buys)
    wants = [(order, attempts[order.client_order_id].left(order.quantity)) for order in buys]
    if not any(quantity > 0 for _, quantity in wants):
        return {}
    account = _account_now(context)
    owned = context.ledger.positions.shares(context.variant)
    prices = _prices(context, buys, owned)
    capped = [(order, min(quantity, _most(order, prices.get(order.symbol)))) for order, quantity in wants]
    held = sum(shares * prices[symbol] for symbol, shares in owned.items() if symbol in prices)
    cash = float(spendable_cash(account))
    _hint_at_idle_cash(context, account)
    if budget_pct < 100:
        equity = float(account.equity if account.equity is not None else spendable_cash(account))
        cash = min(cash, max(0.0, equity * budget_pct / 100 - held))
    planned = [
        PlannedOrder(
            symbol=order.symbol,
            side="buy",
            intent=order.intent,
            quantity=quantity,
            reference_price=order.reference_price,
            rank=order.rank,
            reason=order.reason,
        )
        for order, quantity in capped
        if quantity > 0
    ]
    safety = context.settings.safety  # brokers reserve a limit buy at its limit
    most = {o.symbol: 1 + above_quote_pct(o, safety) / 100 for o, _ in capped}
    paid = {symbol: price * most.get(symbol, 1.0) for symbol, price in prices.items()}
    kept = afford(planned, cash=cash, equity=cash + held, prices=paid, rules=context.settings.execution)
    # A person may have added a second buy of a symbol: the intent tells the two apart.
    left = {(order.symbol, order.intent): order.quantity for order in kept}
    return {order.client_order_id: left.get((order.symbol, order.intent), 0) for order, _ in wants}


def _account_now(context: ExecutionContext) -> Account:
    """Return the account once its cash shows what was traded in this session; some brokers are seconds late.

    Cash that still shows too much is cut to what the books say; cash that shows too little is taken as it is.
    """
    estimate = context.ledger.cash.estimate()
    traded = estimate is not None and any(row.filled_quantity for row in context.rows())
    account = context.broker.account()
    if estimate is None or not traded:
        return account
    slack = max(Decimal(1), abs(estimate.cash) * CASH_SLACK)
    for wait in CASH_WAITS:
        if account.cash is None or abs(account.cash - estimate.cash) <= slack:
            return account
        context.clock.sleep(wait)
        account = context.broker.account()
    if account.cash is None or abs(account.cash - estimate.cash) <= slack:
        return account
    context.notes.warn(f"the broker shows {account.cash:,.2f} of cash, the books expect {estimate.cash:,.2f}")
    return replace(account, cash=min(account.cash, estimate.cash))


def _hint_at_idle_cash(context: ExecutionContext, account: Account) -> None:
    """Say why nothing can be bought when the money lies in something that is no share."""
    others = sorted(row.symbol or row.asset_type for row in account.holdings if row.asset_type != "equity")
    if others and spendable_cash(account) <= 0:
        context.notes.warn(
            f"the account has no cash but holds {', '.join(others)}: money in a sweep or money fund buys "
            "nothing"
        )


def note_unsettled(context: ExecutionContext, buys: Sequence[SignalOrder]) -> None:
    """Hold back the rest of buys that a cash account cannot pay before today's sales settle.

    The file then does not count as carried out, so the next session proposes the rest again.
    """
    tries = context.attempts_of(buys)
    short = [
        order
        for order in buys
        if order.client_order_id not in context.notes.gated
        and _ended_short(tries[order.client_order_id], order.quantity)
    ]
    if not short:
        return
    account = context.broker.account()
    if account.kind != "cash" or account.cash is None or account.settled_cash is None:
        return
    waiting = float(account.cash - account.settled_cash)
    prices = _prices(context, short, ()) if waiting > 0 else {}
    for order in short:
        missing = order.quantity - tries[order.client_order_id].filled
        if waiting >= prices.get(order.symbol, float("inf")):
            context.notes.gate(
                order.client_order_id, f"{missing} shares wait for {waiting:,.2f} of sales to settle"
            )


def _ended_short(attempts: Attempts, quantity: int) -> bool:
    return not attempts.open_attempts and attempts.filled < quantity


def wanted(context: ExecutionContext, order: SignalOrder) -> int:
    """Return the shares still to buy of an order, its own value cap included."""
    prices = _prices(context, [order], ())
    left = context.attempts(order.client_order_id).left(order.quantity)
    return min(left, _most(order, prices.get(order.symbol)))


def cut_because(context: ExecutionContext, order: SignalOrder, quantity: int) -> str:
    """Return why fewer shares are bought than the file says: the order's value cap, or the cash."""
    price = _prices(context, [order], ()).get(order.symbol)
    if price is None:
        return "there is no price to count them by"
    left = context.attempts(order.client_order_id).left(order.quantity)
    most = min(left, _most(order, price))
    cap = order.details.get("max_order_value")
    gap = slippage.gap_text(order.symbol, price, order.reference_price)
    moved = f" ({gap.removeprefix(f'{order.symbol}: ')})" if gap else ""
    if quantity >= most and most < left and isinstance(cap, int | float):
        return f"at {price:,.2f}{moved} its value cap of {cap:,.2f} allows no more (max_entry_overrun_pct)"
    return "more is not affordable after the sells"


def _prices(context: ExecutionContext, buys: Sequence[SignalOrder], owned: Iterable[str]) -> dict[str, float]:
    """Return current prices; before the open, where a vendor has none, those the decision used."""
    held = set(owned)
    prices = context.quotes({*held, *(order.symbol for order in buys)})
    if not context.before_open:
        return prices
    costs = {
        row.symbol: float(row.entry_price)
        for row in context.ledger.positions.open_positions(context.variant)
        if row.symbol in held
    }
    return {**costs, **{order.symbol: order.reference_price for order in buys}, **prices}


def _most(order: SignalOrder, price: float | None) -> int:
    """Return how many shares the order's own value cap allows at the current price."""
    cap = order.details.get("max_order_value")
    if price is None or not isinstance(cap, int | float):
        return order.quantity
    return most_shares(float(cap), price)


def spendable_cash(account: Account) -> Decimal:
    """Return what buys may use: settled cash in a cash account, never more than the buying power.

    Raises:
        BrokerError: a figure is missing.
    """
    figures = [account.cash, account.settled_cash if account.kind == "cash" else account.cash]
    if any(figure is None for figure in figures):
        raise BrokerError(
            "the broker gave no cash balance, so nothing can be bought",
            where=account.reference,
            remedy="sells and stops are done; run the executor again inside the window",
        )
    if account.buying_power is not None:
        figures.append(account.buying_power)
    return min(figure for figure in figures if figure is not None)
