"""Hard limits over the enabled orders of a valid file: exceeding one is exit code 7, never a silent clip.

Nominal market value at reference prices; 3x funds count once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backtest.core.errors import Finding, LimitError
from backtest.core.execution_rules import Limits
from backtest.trading.limits import Breach, beyond_cash, exposure_breaches, order_value_problem
from live.handoff.jsonpath import at
from live.handoff.model import SignalFile

ABSURD_QUANTITY = 100_000_000


def require_limits(signal: SignalFile, limits: Limits) -> None:
    """Raise LimitError when a generated file exceeds limits: its executor would refuse it."""
    findings = tuple(limit_findings(signal, limits, signal))
    if findings:
        raise LimitError(
            "; ".join(finding.problem for finding in findings),
            where=signal.strategy.variant,
            remedy="nothing was written: check the decision, or the limits in the execution: section",
            findings=findings,
        )


def limit_findings(
    signal: SignalFile,
    limits: Limits,
    original: SignalFile | None,
    *,
    holdings: Mapping[str, int] | None = None,
) -> Iterator[Finding]:
    """Yield every limit the enabled orders exceed, with the JSON path of the order concerned.

    Args:
        signal: the file.
        limits: hard limits.
        original: the file as generated, the same file when nothing was edited, None when nobody knows it. The
            recount cuts buys that the generator planned beyond the cash; those a person adds are not excused.
        holdings: whole shares before the first order; None takes the snapshot in the file.
    """
    yield from _counts(signal, limits)
    yield from _single_orders(signal, limits)
    yield from _exposure(signal, limits, original, holdings)


def _counts(signal: SignalFile, limits: Limits) -> Iterator[Finding]:
    going = [order for order in signal.orders if order.enabled]
    if len(going) > limits.max_orders_per_run:
        yield Finding("$.orders", f"{len(going)} orders, max_orders_per_run is {limits.max_orders_per_run}")
    stops = sum(order.stop is not None for order in going)
    if stops > limits.max_stop_orders_per_run:
        yield Finding(
            "$.orders", f"{stops} stops, max_stop_orders_per_run is {limits.max_stop_orders_per_run}"
        )


def _single_orders(signal: SignalFile, limits: Limits) -> Iterator[Finding]:
    for index, order in enumerate(signal.orders):
        path, value = at(at("$.orders", index), "quantity"), order.quantity * order.reference_price
        if not order.enabled:
            continue
        if order.quantity > ABSURD_QUANTITY:
            yield Finding(path, f"{order.quantity:,} shares cannot be meant")
        elif problem := order_value_problem(value, order.side, signal.inputs.account.equity, limits):
            yield Finding(path, f"the order is {problem}")


def _exposure(
    signal: SignalFile, limits: Limits, original: SignalFile | None, holdings: Mapping[str, int] | None
) -> Iterator[Finding]:
    """Judge the book after the orders, on the account snapshot in the file."""
    going = [order for order in signal.orders if order.enabled]
    account = signal.inputs.account
    if all(order.side == "sell" for order in going):
        return
    if account.equity <= 0:
        yield Finding("$.inputs.account.equity", f"equity is {account.equity:,.2f}: nothing can be bought")
        return
    planned = () if original is None else original.orders
    breaches = exposure_breaches(
        going,
        account.positions if holdings is None else holdings,
        cash=account.cash,
        equity=account.equity,
        limits=limits,
        recounted=beyond_cash(planned, account.cash),
    )
    paths = {
        order.symbol: at(at("$.orders", index), "quantity")
        for index, order in enumerate(signal.orders)
        if order.enabled and order.side == "buy"
    }
    for breach in breaches:
        yield Finding(paths.get(breach.symbol, "$.orders"), _words(breach, account.equity))


def _words(breach: Breach, equity: float) -> str:
    share, most = breach.value / equity * 100, breach.most * 100
    match breach.limit:
        case "max_position_pct":
            return f"{breach.symbol} would be {share:.1f} % of equity, max_position_pct is {most:g}"
        case "max_total_exposure_pct":
            return f"exposure would be {share:.1f} % of equity, max_total_exposure_pct is {most:g}"
        case "max_total_leverage":
            return f"leverage would be {share / 100:.2f}, max_total_leverage is {breach.most:g}"
