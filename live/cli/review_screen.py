"""The daily screen: one object with every figure, shown as tables or as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from backtest.trading.fills import commission
from live.cli.common import console, money, table
from live.handoff.model import SignalFile, SignalOrder
from live.views.review import Case

if TYPE_CHECKING:
    from backtest.core.execution_rules import ExecutionRules
    from live.runtime.open import Runtime


def facts(runtime: Runtime, case: Case) -> dict[str, Any]:
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


def next_step(case: Case) -> str:
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


def show(screen: dict[str, Any]) -> None:
    """Print the screen: warnings first."""
    _show_warnings(screen)
    out = console()
    if "orders" not in screen:
        out.print(f"next: {screen['next']}", markup=False)
        return
    window = screen["window"]
    out.print(
        f"{screen['trade_date']} {screen['variant']} ({screen['role']}, {screen['mode']}), "
        f"window {window['opens_at'][11:16]}-{window['closes_at'][11:16]} {window['name']}",
        markup=False,
    )
    out.print(f"approval: {screen['standing']}: {screen['standing_reason']}", markup=False)
    _show_orders(screen)
    _show_lines("not taken", [f"{s['symbol']}: {s['reason']}" for s in screen["skipped"]])
    _show_lines(
        "changed since the previous file",
        [f"{m['subject']}: {_value(m['before'])} → {_value(m['after'])}" for m in screen["since_previous"]],
    )
    _show_lines(
        "changed since it was generated",
        [f"{e['path']}: {_edit(e)}" for e in screen["edits"]],
    )
    rounding = screen["rounding_cash"]
    out.print(
        f"cash {money(screen['cash'])} → about {money(screen['cash_after'])} of equity "
        f"{money(screen['equity'])}"
        + ("" if rounding is None else f"; rounding to whole shares leaves {money(rounding)}"),
        markup=False,
    )
    out.print(f"next: {screen['next']}", markup=False)


def _warnings(case: Case) -> list[str]:
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


def _show_warnings(screen: dict[str, Any]) -> None:
    from rich.text import Text

    out = console()
    for finding in (*screen["problems"], *screen["limits"]):
        out.print(Text(f"PROBLEM  {finding['path']}: {finding['problem']}", style="bold red"))
    for warning in screen["warnings"]:
        out.print(Text(f"WARNING  {warning}", style="yellow"))


def _show_orders(screen: dict[str, Any]) -> None:
    if not screen["orders"]:
        console().print("no orders: the book stays as it is")
        return
    rows = [
        (
            _what(order),
            money(order["value"]),
            "" if order["share_of_equity"] is None else f"{order['share_of_equity']:.1%}",
            money(order["cost"]["total"]),
            "" if order["realised_gain"] is None else f"{order['realised_gain']:+,.2f}",
            _why(order),
        )
        for order in screen["orders"]
    ]
    columns = ("order", "value", "equity", "cost", "gain", "reason")
    table("", columns, rows, right=("value", "equity", "cost", "gain"))


def _what(order: dict[str, Any]) -> str:
    """Every field that reaches the broker."""
    kind = "" if order["order_type"] == "market" else f" {order['order_type']}"
    lines = [
        f"{order['side']} {order['quantity']:,} {order['symbol']}{kind} @ {order['reference_price']:.2f}"
    ]
    if order["stop"] is not None:
        lines.append(f"stop {order['stop']['price']:.2f} {order['stop']['time_in_force']}")

    return "\n".join(lines)


def _why(order: dict[str, Any]) -> str:
    lines = [f"{order['intent']}: {order['reason']}"]
    if order["note"]:
        lines.append(f"note: {order['note']}")
    if order["held_because"]:
        lines.append(f"NOT SENT: {order['held_because']}")

    return "\n".join(lines)


def _show_lines(title: str, lines: list[str]) -> None:
    if not lines:
        return
    out = console()
    out.print(f"{title}:", markup=False)
    for line in lines:
        out.print(f"  {line}", markup=False)


def _edit(edit: dict[str, Any]) -> str:
    if edit["kind"] in {"added", "deleted", "disabled", "enabled"}:
        return f"{edit['kind']} {edit['order']}"
    change = f"{_value(edit['before'])} → {_value(edit['after'])}"

    return f"{change} (NOT ALLOWED)" if edit["kind"] == "other" else change


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"

    return "none" if value is None else str(value)
