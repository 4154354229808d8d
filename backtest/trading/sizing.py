"""Weights, equity and prices to whole shares; holdings against targets to ordered trades.

One implementation for the simulator, the shadow books, the generator and the executor's recount.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from backtest.core.decision import Book, Decision, EntrySignal, Skip
from backtest.core.errors import DataError, JutsuError
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import (
    MAKES_ROOM_FOR,
    Intent,
    Plan,
    PlannedOrder,
    by_rank,
    in_order,
    percent_of,
)
from backtest.trading.fills import fill_market
from backtest.trading.limits import check_limits

__all__ = [
    "Intent",
    "Plan",
    "PlannedOrder",
    "afford",
    "check_limits",
    "cuts",
    "in_order",
    "plan_orders",
    "scaled_weights",
    "sizing_equity",
    "spendable",
    "target_shares",
]

SHARE_TOLERANCE = 1e-9
"""Added before rounding shares down, so that 0.2 * equity / price = 99.99999999999999 buys the exact 100."""
_WEIGHT_TOLERANCE = 1e-9
_NOTHING: Mapping[str, float] = {}


def sizing_equity(book: Book, prices: Mapping[str, float]) -> float:
    """Return cash plus the positions of the book at `prices`. DataError names a held symbol without one.

    `book.cash` is what the variant may use: the caller has already capped it by the budget. Holdings that the
    variant does not own are not in the book and so never count.
    """
    equity = book.cash
    for symbol in sorted(book.positions):
        if not _has_price(symbol, prices):
            raise DataError("held, but has no price", where=symbol, remedy="import its bars or quote")
        equity += book.positions[symbol].quantity * prices[symbol]
    return equity


def scaled_weights(decision: Decision, rules: ExecutionRules) -> dict[str, float]:
    """Return target weights shrunk by one factor so that cash is at least `min_cash_pct`.

    Targets of one symbol add up. A weight that is negative or not finite, or a sum above 1, is a bug of the
    strategy and a JutsuError.
    """
    weights: dict[str, float] = {}
    for target in decision.targets:
        if not (math.isfinite(target.weight) and target.weight >= 0):
            raise JutsuError(f"target weight {target.weight!r} is not usable", where=target.symbol)
        weights[target.symbol] = weights.get(target.symbol, 0.0) + target.weight
    total = sum(weights.values())
    if total > 1 + _WEIGHT_TOLERANCE:
        raise JutsuError(f"target weights add up to {total:.9f}", where=str(decision.decided_on))
    return _shrunk(weights, room=1 - rules.min_cash_pct / 100)


def target_shares(weight: float, equity: float, price: float) -> int:
    """Return the whole shares that `weight` of `equity` buys at `price`, rounded down (SHARE_TOLERANCE)."""
    return max(0, math.floor(weight * equity / price + SHARE_TOLERANCE))


def plan_orders(
    decision: Decision,
    book: Book,
    prices: Mapping[str, float],
    rules: ExecutionRules,
    *,
    marks: Mapping[str, float] = _NOTHING,
) -> Plan:
    """Turn a decision of either family into ordered trades.

    Allocation: nothing unless `decision.rebalance` (or the holdings drifted further than
    `max_holdings_drift`); whole shares rounded down; a symbol without a price is not tradable: its weight
    stays in cash and a warning says so. Positions: exits sell everything held, entries are taken by rank as
    long as the cash after the exits and the reserve pays for them; the rest is skipped (`insufficient_cash`).

    Args:
        decision: what the strategy wants.
        book: what the variant owns; cash already capped by its budget.
        prices: reference price per tradable symbol, the newest the decision used.
        rules: reserve, filters.
        marks: last known prices of held symbols that do not trade now: they count in the equity and stay
            held. Without one, a held symbol missing from `prices` is a DataError.
    """
    known = {**marks, **prices}
    equity = sizing_equity(book, known)
    if decision.exits or decision.entries:
        if decision.rebalance or decision.targets:
            raise JutsuError("a decision has both weights and entries or exits")
        return _plan_positions(decision, book, prices, equity, rules)
    weights = scaled_weights(decision, rules)
    values = {symbol: shares * known[symbol] for symbol, shares in book.shares().items()}
    tradable = {symbol: weight for symbol, weight in weights.items() if _has_price(symbol, prices)}
    locked = sum(value for symbol, value in values.items() if not _has_price(symbol, prices))
    room = max(0.0, 1 - rules.min_cash_pct / 100 - locked / equity) if equity > 0 else 0.0
    fitted = _shrunk(tradable, room=room) if locked else tradable
    movable = {symbol: value for symbol, value in values.items() if _has_price(symbol, prices)}
    # A decision without targets says nothing to drift from (warm-up, or the positions family).
    drifted = bool(weights) and _drifted(fitted, movable, equity, rules)
    if equity <= 0 or not (decision.rebalance or drifted):
        return Plan(orders=(), equity=equity, residual_cash=book.cash, skipped=decision.skipped)

    skipped, warnings = _without_price(weights, book.shares(), prices)
    if fitted != tradable:
        warnings.append(f"targets shrunk to leave room for {locked:,.2f} in holdings that cannot be sold")
    orders, small = _allocation_orders(fitted, book.shares(), prices, equity, rules)
    return Plan(
        orders=in_order(orders),
        equity=equity,
        residual_cash=_cash_after(book.cash, orders),
        skipped=(*decision.skipped, *skipped, *small),
        warnings=tuple(warnings),
        rounding_cash=_rounding_cash(fitted, prices, equity),
    )


def _allocation_orders(
    weights: Mapping[str, float],
    held: Mapping[str, int],
    prices: Mapping[str, float],
    equity: float,
    rules: ExecutionRules,
) -> tuple[list[PlannedOrder], list[Skip]]:
    orders: list[PlannedOrder] = []
    skipped: list[Skip] = []
    for symbol in sorted({*weights, *(name for name in held if _has_price(name, prices))}):
        weight, price, shares = weights.get(symbol, 0.0), prices[symbol], held.get(symbol, 0)
        wanted = target_shares(weight, equity, price)
        value = abs(wanted - shares) * price
        if wanted == shares:
            if weight > 0 and not wanted:
                skipped.append(Skip(symbol, "zero_shares", {"weight": weight, "price": price}))
        elif wanted and value < rules.min_trade_pct / 100 * equity:
            skipped.append(Skip(symbol, "below_min_trade", {"value": round(value, 2)}))
        else:
            held_weight = percent_of(shares * price, equity)
            reason = f"weight {held_weight} → target {weight:.1%}: {shares} → {wanted} shares"
            orders.append(
                PlannedOrder(
                    symbol=symbol,
                    side="buy" if wanted > shares else "sell",
                    intent=_intent(shares, wanted),
                    quantity=abs(wanted - shares),
                    reference_price=price,
                    rank=weight,
                    reason=reason,
                )
            )
    return orders, skipped


def _intent(shares: int, wanted: int) -> Intent:
    if wanted < shares:
        return "reduce" if wanted else "exit"
    return "increase" if shares else "entry"


def _rounding_cash(weights: Mapping[str, float], prices: Mapping[str, float], equity: float) -> float:
    """Cash between the target values and what whole shares of them cost, rounded to cents."""
    left = (
        weight * equity - target_shares(weight, equity, prices[symbol]) * prices[symbol]
        for symbol, weight in weights.items()
    )
    return max(0.0, round(sum(left), 2))


def _plan_positions(
    decision: Decision, book: Book, prices: Mapping[str, float], equity: float, rules: ExecutionRules
) -> Plan:
    orders: list[PlannedOrder] = []
    skipped: list[Skip] = []
    warnings: list[str] = []
    for signal in decision.exits:
        position = book.positions.get(signal.symbol)
        if position is None:
            raise JutsuError("an exit of something the book does not hold", where=signal.symbol)
        if not _has_price(signal.symbol, prices):
            skipped.append(Skip(signal.symbol, "no_price"))
            warnings.append(f"{signal.symbol}: should be sold ({signal.reason}) but has no price; kept")
            continue
        orders.append(
            PlannedOrder(
                symbol=signal.symbol,
                side="sell",
                intent="exit",
                quantity=position.quantity,
                reference_price=prices[signal.symbol],
                rank=0.0,
                reason=signal.reason,
                details={MAKES_ROOM_FOR: signal.makes_room_for} if signal.makes_room_for else None,
            )
        )
    left = spendable(_cash_after(book.cash, orders), equity, rules)
    for entry in by_rank(_entry_order(signal) for signal in decision.entries):
        cost = _cost(entry.quantity, entry.reference_price, rules)
        if cost > left:
            # An entry nobody can pay for must not stop the exits of the same file.
            skipped.append(Skip(entry.symbol, "insufficient_cash", {"cost": cost, "available": left}))
            continue
        left = round(left - cost, 2)
        orders.append(entry)
    halved = _half_rotations(decision, orders)
    if halved:
        whole = _without_rotations(decision, halved, skipped)
        plan = _plan_positions(whole, book, prices, equity, rules)
        return replace(plan, warnings=tuple(dict.fromkeys((*warnings, *plan.warnings))))
    return Plan(
        orders=in_order(orders),
        equity=equity,
        residual_cash=_cash_after(book.cash, orders),
        skipped=(*decision.skipped, *skipped),
        warnings=tuple(warnings),
    )


def _half_rotations(decision: Decision, orders: Iterable[PlannedOrder]) -> dict[str, str]:
    """Return sale -> entry of every rotation of which not both halves are planned."""
    planned = {(order.side, order.symbol) for order in orders}
    return {
        signal.symbol: signal.makes_room_for
        for signal in decision.exits
        if signal.makes_room_for is not None
        and not {("sell", signal.symbol), ("buy", signal.makes_room_for)} <= planned
    }


def _without_rotations(decision: Decision, rotations: Mapping[str, str], found: Iterable[Skip]) -> Decision:
    """Return the decision without these rotations: a sale that only makes room is nothing by itself.

    `found` are the skips that say why a half is missing.
    """
    entering = set(rotations.values())
    why = tuple(skip for skip in found if skip.symbol in entering | rotations.keys())
    kept = tuple(
        Skip(symbol, "rotation_incomplete", {"for": rotations[symbol]})
        for symbol in rotations
        if symbol not in {skip.symbol for skip in why}
    )
    return replace(
        decision,
        exits=tuple(signal for signal in decision.exits if signal.symbol not in rotations),
        entries=tuple(entry for entry in decision.entries if entry.symbol not in entering),
        skipped=(*decision.skipped, *why, *kept),
    )


def _entry_order(signal: EntrySignal) -> PlannedOrder:
    return PlannedOrder(
        symbol=signal.symbol,
        side="buy",
        intent="entry",
        quantity=signal.quantity,
        reference_price=signal.reference_price,
        rank=signal.rank,
        reason=signal.reason,
        stop_price=signal.stop_price,
        details=signal.details,
    )


def spendable(cash: float, equity: float, rules: ExecutionRules) -> float:
    """Return what buys may cost altogether: the smaller of two bounds, rounded to cents, at least 0.

    cash - min_cash_pct of equity (the reserve), and max_buying_power_pct of cash (a cash account's buying
    power; where the broker reports a smaller buying power, the caller passes that as `cash`).
    """
    reserve = rules.min_cash_pct / 100 * equity
    return max(0.0, round(min(cash - reserve, rules.max_buying_power_pct / 100 * cash), 2))


def afford(
    buys: Sequence[PlannedOrder],
    *,
    cash: float,
    equity: float,
    prices: Mapping[str, float],
    rules: ExecutionRules,
) -> tuple[PlannedOrder, ...]:
    """Cut buys in rank order to what `cash` (after the sells) affords, minus the reserve.

    Each share is charged at `prices` plus slippage and commission. An order cut to zero is dropped, and so is
    one without a price; a later, cheaper one may still be bought. `cuts` says what changed.

    Args:
        buys: buy orders in any order.
        cash: cash after the sells (or less, when the buying power is less).
        equity: cash plus owned positions after the sells, at `prices`.
        prices: the current price per symbol: quote, or the price of the simulated execution instant.
        rules: reserve, buying power, costs.
    """
    left = spendable(cash, equity, rules)
    kept: list[PlannedOrder] = []
    for order in by_rank(buys):
        if order.side != "buy":
            raise JutsuError("only buys are recounted", where=order.symbol)
        quantity = _affordable(order, prices, left, rules)
        if quantity:
            left = round(left - _cost(quantity, prices[order.symbol], rules), 2)
            kept.append(order if quantity == order.quantity else replace(order, quantity=quantity))
    return tuple(kept)


def cuts(buys: Sequence[PlannedOrder], afforded: Sequence[PlannedOrder]) -> tuple[str, ...]:
    """Return one line per buy that `afford` made smaller or dropped."""
    left = {order.symbol: order.quantity for order in afforded}
    return tuple(
        f"{order.symbol}: bought {left.get(order.symbol, 0)} of {order.quantity} shares (cash after sells)"
        for order in buys
        if left.get(order.symbol, 0) < order.quantity
    )


def _affordable(order: PlannedOrder, prices: Mapping[str, float], left: float, rules: ExecutionRules) -> int:
    if not _has_price(order.symbol, prices):
        return 0
    price = prices[order.symbol]
    if _cost(order.quantity, price, rules) <= left:
        return order.quantity
    each = fill_market("buy", 1, price, rules).price + rules.commission_per_share
    guess = math.floor((left - rules.commission_per_order) / each + SHARE_TOLERANCE) + 1
    quantity = max(0, min(order.quantity, guess))
    while quantity and _cost(quantity, price, rules) > left:
        quantity -= 1
    return quantity


def _cost(quantity: int, price: float, rules: ExecutionRules) -> float:
    return -fill_market("buy", quantity, price, rules).cash_flow


def _shrunk(weights: Mapping[str, float], *, room: float) -> dict[str, float]:
    total = sum(weights.values())
    if total <= room:
        return dict(weights)
    return {symbol: weight * (room / total) for symbol, weight in weights.items()}


def _drifted(
    weights: Mapping[str, float], values: Mapping[str, float], equity: float, rules: ExecutionRules
) -> bool:
    """Tell whether what can trade lies too far from its targets; a leg without a price cannot be moved."""
    if rules.max_holdings_drift is None or equity <= 0:
        return False
    symbols = sorted(set(weights) | set(values))
    drift = sum(abs(values.get(symbol, 0.0) / equity - weights.get(symbol, 0.0)) for symbol in symbols)
    return drift > rules.max_holdings_drift


def _without_price(
    weights: Mapping[str, float], held: Mapping[str, int], prices: Mapping[str, float]
) -> tuple[list[Skip], list[str]]:
    skipped, warnings = [], []
    for symbol in sorted({name for name, weight in weights.items() if weight > 0} | set(held)):
        if _has_price(symbol, prices):
            continue
        weight, shares = weights.get(symbol, 0.0), held.get(symbol, 0)
        skipped.append(Skip(symbol, "no_price", {"weight": weight, "shares": shares}))
        if shares:
            warnings.append(f"{symbol}: no price, {shares} shares kept as they are")
        else:
            warnings.append(f"{symbol}: no price, its weight of {weight:.1%} stays in cash")
    return skipped, warnings


def _cash_after(cash: float, orders: Iterable[PlannedOrder]) -> float:
    for order in orders:
        value = order.quantity * order.reference_price
        cash += value if order.side == "sell" else -value
    return round(cash, 2)


def _has_price(symbol: str, prices: Mapping[str, float]) -> bool:
    price = prices.get(symbol)
    return price is not None and math.isfinite(price) and price > 0
