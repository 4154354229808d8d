"""Hard limits on what a plan may do: judged before anything is sent, never a silent clip."""

from __future__ import annotations

from collections.abc import Mapping

from backtest.core.decision import Book
from backtest.core.errors import Finding, LimitError
from backtest.core.execution_rules import ExecutionRules, Limits
from backtest.core.planned_orders import Plan, percent_of

_TOLERANCE = 1e-9


def check_limits(plan: Plan, book: Book, prices: Mapping[str, float], rules: ExecutionRules) -> None:
    """Raise LimitError when the book after the plan would exceed a limit; it lists every breach.

    Exposure is nominal market value at `prices` (last known prices for holdings that do not trade now) after
    what the cash can pay for: a 3x fund counts once. Exposure limits bind what is bought: a plan that only
    sells is never stopped by them, and a holding that grew past a limit by itself is no reason to stop
    trading something else.
    """
    findings = [
        *_order_findings(plan, rules.limits),
        *_exposure_findings(plan, book, prices, rules.limits),
    ]
    if findings:
        raise LimitError(
            "; ".join(str(finding) for finding in findings),
            remedy="nothing was traded: check the decision, or the limits in the execution: section",
            findings=findings,
        )


def _order_findings(plan: Plan, limits: Limits) -> list[Finding]:
    findings = [
        Finding(
            order.symbol,
            f"order value {order.estimated_value:,.2f} above max_order_value {limits.max_order_value:,.2f}",
        )
        for order in plan.orders
        if order.estimated_value > limits.max_order_value
    ]
    stops = sum(order.stop_price is not None for order in plan.orders)
    for count, name, most in (
        (len(plan.orders), "max_orders_per_run", limits.max_orders_per_run),
        (stops, "max_stop_orders_per_run", limits.max_stop_orders_per_run),
    ):
        if count > most:
            findings.append(Finding("orders", f"{count} exceed {name} {most}"))
    return findings


def _exposure_findings(plan: Plan, book: Book, prices: Mapping[str, float], limits: Limits) -> list[Finding]:
    bought = [order for order in plan.orders if order.side == "buy"]
    if not bought:
        return []
    values = {symbol: shares * prices[symbol] for symbol, shares in book.shares().items()}
    for order in plan.orders:
        change = order.quantity * order.reference_price
        values[order.symbol] = values.get(order.symbol, 0.0) + (change if order.side == "buy" else -change)
    sold = sum(order.quantity * order.reference_price for order in plan.orders if order.side == "sell")
    spent = sum(order.quantity * order.reference_price for order in bought)
    # The recount never buys beyond the cash after the sells, so what lies beyond is no exposure.
    total = sum(values.values()) - max(0.0, spent - max(0.0, book.cash + sold))
    checks = [
        (order.symbol, values[order.symbol], "max_position_pct", limits.max_position_pct / 100)
        for order in bought
    ]
    checks.append(("all symbols", total, "max_total_exposure_pct", limits.max_total_exposure_pct / 100))
    checks.append(("all symbols", total, "max_total_leverage", limits.max_total_leverage))
    return [
        Finding(where, f"{percent_of(value, plan.equity)} of equity exceeds {name} ({most:.1%})")
        for where, value, name, most in checks
        if value > (most + _TOLERANCE) * plan.equity
    ]
