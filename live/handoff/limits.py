"""Hard limits over the enabled orders of a valid file: exceeding one is exit code 7, never a silent clip.

Nominal market value at reference prices; 3x funds count once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backtest.core.errors import Finding
from live.handoff.jsonpath import at
from live.handoff.model import SignalFile
from live.handoff.rules import Expectations

ABSURD_QUANTITY = 100_000_000
_SLACK = 1 + 1e-9


def limit_findings(signal: SignalFile, expectations: Expectations) -> Iterator[Finding]:
    """Yield every limit the enabled orders exceed, with the JSON path of the order concerned."""
    yield from _counts(signal, expectations)
    yield from _single_orders(signal, expectations)
    yield from _exposure(signal, expectations)


def _counts(signal: SignalFile, expectations: Expectations) -> Iterator[Finding]:
    limits, going = expectations.limits, [order for order in signal.orders if order.enabled]
    if len(going) > limits.max_orders_per_run:
        yield Finding("$.orders", f"{len(going)} orders, max_orders_per_run is {limits.max_orders_per_run}")
    stops = sum(order.stop is not None for order in going)
    if stops > limits.max_stop_orders_per_run:
        yield Finding(
            "$.orders", f"{stops} stops, max_stop_orders_per_run is {limits.max_stop_orders_per_run}"
        )


def _single_orders(signal: SignalFile, expectations: Expectations) -> Iterator[Finding]:
    limit = expectations.limits.max_order_value
    for index, order in enumerate(signal.orders):
        path, value = at(at("$.orders", index), "quantity"), order.quantity * order.reference_price
        if not order.enabled:
            continue
        if order.quantity > ABSURD_QUANTITY:
            yield Finding(path, f"{order.quantity:,} shares cannot be meant")
        elif value > limit * _SLACK:
            yield Finding(path, f"the order is worth {value:,.2f}, max_order_value is {limit:,.2f}")


def _exposure(signal: SignalFile, expectations: Expectations) -> Iterator[Finding]:
    """Judge the book after the plan; a plan that only sells may leave a book above a limit."""
    snapshot = signal.inputs.account
    equity = snapshot.equity if expectations.equity is None else expectations.equity
    buys = {order.symbol: i for i, order in enumerate(signal.orders) if order.enabled and order.side == "buy"}
    if not buys:
        return
    if equity <= 0:
        yield Finding("$.inputs.account.equity", f"equity is {equity:,.2f}: nothing can be bought")
        return
    limits, values = expectations.limits, _values_after(signal, expectations)
    for symbol, index in buys.items():
        share = values[symbol] / equity * 100
        if share > limits.max_position_pct * _SLACK:
            yield Finding(
                at(at("$.orders", index), "quantity"),
                f"{symbol} would be {share:.1f} % of equity, max_position_pct is {limits.max_position_pct:g}",
            )
    total = sum(values.values()) / equity
    if total * 100 > limits.max_total_exposure_pct * _SLACK:
        yield Finding(
            "$.orders",
            f"exposure would be {total * 100:.1f} % of equity, "
            f"max_total_exposure_pct is {limits.max_total_exposure_pct:g}",
        )
    if total > limits.max_total_leverage * _SLACK:
        yield Finding(
            "$.orders", f"leverage would be {total:.2f}, max_total_leverage is {limits.max_total_leverage:g}"
        )


def _values_after(signal: SignalFile, expectations: Expectations) -> dict[str, float]:
    """Return symbol -> market value once every enabled order is filled at its reference price."""
    held = signal.inputs.account.positions if expectations.holdings is None else expectations.holdings
    shares = dict(held)
    for order in signal.orders:
        if order.enabled:
            step = order.quantity if order.side == "buy" else -order.quantity
            shares[order.symbol] = shares.get(order.symbol, 0) + step
    prices = _prices(signal, expectations.prices)

    return {symbol: count * prices.get(symbol, 0.0) for symbol, count in shares.items()}


def _prices(signal: SignalFile, known: Mapping[str, float]) -> dict[str, float]:
    """Return prices by symbol: of the order, else what the caller knows, else the quote in the file."""
    quoted = {quote.symbol: quote.last for quote in signal.inputs.quotes if quote.last is not None}

    return quoted | dict(known) | {order.symbol: order.reference_price for order in signal.orders}
