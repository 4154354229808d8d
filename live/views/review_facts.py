"""The facts of a signal file that a reviewer needs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from backtest.trading.fills import commission
from live.handoff.model import SignalFile, SignalOrder
from live.views.review import ReviewCase

if TYPE_CHECKING:
    from backtest.core.execution_rules import ExecutionRules
    from live.runtime.runtime import Runtime


def facts(runtime: Runtime, case: ReviewCase) -> dict[str, Any]:
    """Return the whole screen as plain data; fractions are decimal, money in account currency."""
    signal = case.signal
    head: dict[str, Any] = {
        "file": str(case.path),
        "sha256": case.sha256,
        "standing": case.standing.state,
        "standing_reason": case.standing.reason,
        "window_over": case.window_over,
        "warnings": _warnings(case),
        "problems": [{"path": f.path, "problem": f.problem} for f in case.verdict.problems],
        "limits": [{"path": f.path, "problem": f.problem} for f in case.verdict.limits],
        "edits": [
            {"path": e.path, "kind": e.kind, "order": e.order, "before": e.before, "after": e.after}
            for e in case.edits
        ],
        "since_previous": [{"subject": m.subject, "before": m.before, "after": m.after} for m in case.moved],
        "next": next_step(case),
    }
    if signal is None:
        return head
    held = {item.order.client_order_id: item.reason for item in case.held}
    rules = runtime.settings.execution
    orders = [_order(runtime, signal, order, held, rules) for order in signal.orders]

    return head | {
        "trade_date": signal.trade_date,
        "variant": signal.strategy.variant,
        "role": signal.strategy.role,
        "mode": signal.mode,
        "window": signal.execution_window.model_dump(),
        "equity": signal.inputs.account.equity,
        "cash": signal.inputs.account.cash,
        "cash_after": _cash_after(signal, orders),
        "residual_cash": signal.residual_cash,
        "rounding_cash": None if case.edits else _rounding_cash(signal),
        "diagnostics": signal.decision.diagnostics,
        "targets": [target.model_dump() for target in signal.targets],
        "orders": orders,
        "skipped": [skip.model_dump() for skip in signal.skipped],
    }


def next_step(case: ReviewCase) -> str:
    """Say what to do now."""
    if case.verdict.problems:
        return "correct the file, or python -m live.signal_generator --force"
    if case.verdict.limits:
        return "make the orders smaller, then jutsu review again"
    if case.row is None:
        return "this ledger never generated the file: name the right one with --state-db"
    if case.row.executed_sha256 is not None:
        return "already executed; see jutsu status"
    if case.window_over:
        return "the execution window is over; the next session proposes again"
    if case.standing.state in {"approved", "auto"}:
        return "python -m live.executor"

    return f"jutsu approve {case.path}"


def _warnings(case: ReviewCase) -> list[str]:
    """Everything a reviewer must see first; the file's own warnings come after ours."""
    found = []
    if case.standing.refused:
        found.append(f"{case.standing.reason}: the executor refuses this file")
    if case.window_over:
        found.append("the execution window is over")
    if case.standing.state == "skipped":
        found.append("marked as skip: nothing will be sent")
    signal = case.signal
    if signal is not None:
        if signal.session.early_close:
            found.append(f"early close at {signal.session.close[11:16]} New York")
        found.extend(signal.warnings)

    return found


def _order(
    runtime: Runtime, signal: SignalFile, order: SignalOrder, held: dict[str, str], rules: ExecutionRules
) -> dict[str, Any]:
    value = round(order.quantity * order.reference_price, 2)
    slippage = round(value * rules.slippage_pct / 100, 2)
    fee = commission(order.quantity, rules)
    equity = signal.inputs.account.equity

    return order.model_dump() | {
        "value": value,
        "share_of_equity": value / equity if equity else None,
        "cost": {"slippage": slippage, "commission": fee, "total": round(slippage + fee, 2)},
        "realised_gain": _gain(runtime, signal.strategy.variant, order, slippage + fee),
        "held_because": held.get(order.client_order_id),
    }


def _gain(runtime: Runtime, variant: str, order: SignalOrder, cost: float) -> float | None:
    """Return the profit a sale realises against average cost after estimated cost; None for buys."""
    if order.side != "sell":
        return None
    position = runtime.ledger.positions.get(variant, order.symbol)
    if position is None:
        return None
    per_share = Decimal(str(order.reference_price)) - position.entry_price

    return round(float(per_share * order.quantity) - cost, 2)


def _cash_after(signal: SignalFile, orders: list[dict[str, Any]]) -> float:
    """Return the cash once every enabled order filled at its reference price and paid its cost."""
    flows = (
        (order["value"] if order["side"] == "sell" else -order["value"]) - order["cost"]["total"]
        for order in orders
        if order["enabled"]
    )

    return float(round(signal.inputs.account.cash + sum(flows), 2))


def _rounding_cash(signal: SignalFile) -> float | None:
    """Return the cash that whole shares leave above the target cash; None when no targets were traded."""
    if not signal.targets or not signal.decision.rebalance:
        return None
    target_cash = (1 - sum(target.weight for target in signal.targets)) * signal.inputs.account.equity

    return round(signal.residual_cash - target_cash, 2)
