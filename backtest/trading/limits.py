"""Hard limits on what a plan may do: judged before anything is sent, never a silent clip.

`exposure_breaches` is the only judge of exposure. Simulator, generator, review and executor ask it about the
same figures (cash, equity and shares of the book, the orders at their reference prices), so that a file never
passes one of them and fails another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from backtest.core.decision import Book, Side
from backtest.core.errors import Finding, LimitError
from backtest.core.execution_rules import ExecutionRules, Limits
from backtest.core.planned_orders import Plan, percent_of

_TOLERANCE = 1e-9
ExposureLimit = Literal["max_position_pct", "max_total_exposure_pct", "max_total_leverage"]


class Traded(Protocol):
    """What the judge reads of an order; a planned order and an order of a signal file both fit."""

    @property
    def symbol(self) -> str:
        """Ticker."""
        ...

    @property
    def side(self) -> Side:
        """``buy`` or ``sell``."""
        ...

    @property
    def quantity(self) -> int:
        """Whole shares."""
        ...

    @property
    def reference_price(self) -> float:
        """Price per share the order was sized with."""
        ...


@dataclass(frozen=True, slots=True)
class Breach:
    """One exposure limit that is exceeded.

    Attributes:
        limit: name of the limit.
        symbol: whose position is too large, empty for the whole book.
        value: market value after the orders, currency of the account.
        most: what the limit allows, as a decimal fraction of equity.
    """

    limit: ExposureLimit
    symbol: str
    value: float
    most: float


def beyond_cash(orders: Iterable[Traded], cash: float) -> float:
    """Return by how much the buys cost more than `cash` plus what the sells bring, at reference prices."""
    paid = {"buy": 0.0, "sell": 0.0}
    for order in orders:
        paid[order.side] += order.quantity * order.reference_price
    return max(0.0, paid["buy"] - max(0.0, cash + paid["sell"]))


def exposure_breaches(
    orders: Collection[Traded],
    shares: Mapping[str, int],
    *,
    cash: float,
    equity: float,
    limits: Limits,
    recounted: float = 0.0,
) -> list[Breach]:
    """Return every exposure limit the book exceeds once all orders are filled at their reference prices.

    Exposure is nominal market value, a 3x fund counts once. What the book holds is worth `equity - cash`: no
    price of a symbol that does not trade now is needed. Exposure limits bind what is bought: orders that only
    sell exceed none, and neither does a holding that grew past a limit by itself.

    Args:
        orders: the orders that will be sent.
        shares: whole shares of the book before them, by symbol.
        cash: of the book before them, currency of the account.
        equity: of the book before them, currency of the account.
        limits: the limits.
        recounted: value of planned buys that the recount after the sells will cut for want of cash
            (`beyond_cash` of the plan as it was made): no exposure.
    """
    bought = [order for order in orders if order.side == "buy"]
    if not bought:
        return []
    positions: dict[str, float] = {}
    total = equity - cash
    for order in orders:
        change = order.quantity * order.reference_price * (1 if order.side == "buy" else -1)
        held = positions.get(order.symbol, shares.get(order.symbol, 0) * order.reference_price)
        positions[order.symbol] = held + change
        total += change
    total -= min(recounted, beyond_cash(orders, cash))
    checks: list[tuple[ExposureLimit, str, float, float]] = [
        ("max_position_pct", symbol, positions[symbol], limits.max_position_pct / 100)
        for symbol in dict.fromkeys(order.symbol for order in bought)
    ]
    checks.append(("max_total_exposure_pct", "", total, limits.max_total_exposure_pct / 100))
    checks.append(("max_total_leverage", "", total, limits.max_total_leverage))
    return [
        Breach(limit, symbol, value, most)
        for limit, symbol, value, most in checks
        if value > (most + _TOLERANCE) * equity
    ]


def order_value_problem(value: float, side: Side, equity: float | None, limits: Limits) -> str:
    """Return which limit the value of one order exceeds, empty when none.

    Args:
        value: quantity times price, currency of the account.
        side: the share of equity binds buys only: what is held may always be sold.
        equity: currency of the account; not judged when None or not positive.
        limits: the limits.
    """
    most = limits.max_order_value
    if most is not None and value > most * (1 + _TOLERANCE):
        return f"worth {value:,.2f}, max_order_value is {most:,.2f}"
    share = limits.max_order_value_pct
    if (
        side == "buy"
        and equity is not None
        and equity > 0
        and value > share / 100 * equity * (1 + _TOLERANCE)
    ):
        return f"worth {value:,.2f}, max_order_value_pct {share:g} of equity is {share / 100 * equity:,.2f}"
    return ""


def check_limits(plan: Plan, book: Book, rules: ExecutionRules) -> None:
    """Raise LimitError when the book after the plan would exceed a limit; it lists every breach.

    Buys the cash cannot pay for are cut by the recount, so they are no exposure.
    """
    findings = [*_order_findings(plan, rules.limits), *_exposure_findings(plan, book, rules.limits)]
    if findings:
        raise LimitError(
            "; ".join(str(finding) for finding in findings),
            remedy="nothing was traded: check the decision, or the limits in the execution: section",
            findings=findings,
        )


def _order_findings(plan: Plan, limits: Limits) -> list[Finding]:
    findings = [
        Finding(order.symbol, f"the order is {problem}")
        for order in plan.orders
        if (problem := order_value_problem(order.estimated_value, order.side, plan.equity, limits))
    ]
    stops = sum(order.stop_price is not None for order in plan.orders)
    for count, name, most in (
        (len(plan.orders), "max_orders_per_run", limits.max_orders_per_run),
        (stops, "max_stop_orders_per_run", limits.max_stop_orders_per_run),
    ):
        if count > most:
            findings.append(Finding("orders", f"{count} exceed {name} {most}"))
    return findings


def _exposure_findings(plan: Plan, book: Book, limits: Limits) -> list[Finding]:
    if not any(order.side == "buy" for order in plan.orders):
        return []
    breaches = exposure_breaches(
        plan.orders,
        book.shares(),
        cash=book.cash,
        equity=plan.equity,
        limits=limits,
        recounted=beyond_cash(plan.orders, book.cash),
    )
    return [
        Finding(
            breach.symbol or "all symbols",
            f"{percent_of(breach.value, plan.equity)} of equity exceeds {breach.limit} ({breach.most:.1%})",
        )
        for breach in breaches
    ]
