"""The daily screen: one object with every figure, shown as tables or as JSON."""

from __future__ import annotations

from typing import Any

from live.cli.common import console, table
from live.system.number_text import money


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
