"""The screen of `jutsu review`."""

from __future__ import annotations

from datetime import datetime

from live.actions.answers import Approved
from live.cli.common import console, echo, table
from live.handoff.diff import Change
from live.system.number_text import money
from live.views.review import FileView, ReviewOrder, ReviewView
from live.views.words import skipped_because, sold_because


def show(view: FileView) -> None:
    """Print a file: warnings first."""
    _show_warnings(view)
    out = console()
    if not isinstance(view, ReviewView):
        echo(f"next: {view.next}")  # never wrapped: it is there to be copied
        return
    window = view.window
    out.print(
        f"{view.trade_date} {view.variant} ({view.role}, {view.mode}), "
        f"window {window.opens_at[11:16]}-{window.closes_at[11:16]} {window.name}"
    )
    executed = view.standing_reason.startswith("executed")
    out.print(
        view.standing_reason if executed else f"approval: {view.standing}: {view.standing_reason}",
        markup=False,
    )
    _show_orders(view)
    _show_lines("not taken", [f"{s.symbol}: {skipped_because(s.reason, s.details)}" for s in view.skipped])
    _show_lines(
        "changed since the previous file",
        [f"{m.subject}: {_value(m.before)} → {_value(m.after)}" for m in view.since_previous],
    )
    _show_lines(
        "changed since it was generated",
        [f"{e.path}: {_edit(e)}" for e in view.edits],
    )
    rounding = view.rounding_cash
    out.print(
        f"cash {money(view.cash)} → about {money(view.cash_after)} of equity "
        f"{money(view.equity)}"
        + ("" if rounding is None else f"; rounding to whole shares leaves {money(rounding)}")
    )
    echo(f"next: {view.next}")  # never wrapped: it is there to be copied


def _show_warnings(view: FileView) -> None:
    from rich.text import Text

    out = console()
    for finding in (*view.problems, *view.limits):
        out.print(Text(f"PROBLEM  {finding.path}: {finding.problem}", style="bold red"))
    for warning in view.warnings:
        out.print(Text(f"WARNING  {warning}", style="yellow"))


def _show_orders(view: ReviewView) -> None:
    if not view.orders:
        console().print("no orders: the book stays as it is")
        return
    rows = [
        (
            _what(order),
            money(order.value),
            "" if order.share_of_equity is None else f"{order.share_of_equity:.1%}",
            money(order.cost.total),
            "" if order.realised_gain is None else f"{order.realised_gain:+,.2f}",
            _why(order),
        )
        for order in view.orders
    ]
    columns = ("order", "value", "equity", "cost", "gain", "reason")
    table("", columns, rows, right=("value", "equity", "cost", "gain"))


def _what(order: ReviewOrder) -> str:
    """Return every field that reaches the broker."""
    kind = "" if order.order_type == "market" else f" {order.order_type}"
    lines = [f"{order.side} {order.quantity:,} {order.symbol}{kind} @ {order.reference_price:.2f}"]
    if order.stop is not None:
        lines.append(f"stop {order.stop.price:.2f} {order.stop.time_in_force}")

    return "\n".join(lines)


def _why(order: ReviewOrder) -> str:
    lines = [f"{order.intent}: {sold_because(order.reason)}"]
    if order.note:
        lines.append(f"note: {order.note}")
    if order.result:
        lines.append(f"RESULT: {order.result}")
    if order.held_because:
        lines.append(f"NOT SENT: {order.held_because}")

    return "\n".join(lines)


def _show_lines(title: str, lines: list[str]) -> None:
    if not lines:
        return
    out = console()
    out.print(f"{title}:")
    for line in lines:
        out.print(f"  {line}")


def _edit(edit: Change) -> str:
    if edit.kind in {"added", "deleted", "disabled", "enabled"}:
        return f"{edit.kind} {edit.order}"
    change = f"{_value(edit.before)} → {_value(edit.after)}"

    return f"{change} (NOT ALLOWED)" if edit.kind == "other" else change


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"

    return "none" if value is None else str(value)


def show_approval(done: Approved, flags: str = "", *, now: datetime) -> None:
    """Print what an approval covers and what comes next; a window over at `now` needs its day named."""
    for edit in done.edits:
        echo(f"  {edit}")
    echo(
        f"approved {done.file.name}: {done.enabled} of {done.orders} order(s), "
        f"bytes {done.sha256[:12]}, until {done.expires_at}"
    )
    if now > datetime.fromisoformat(done.expires_at):
        echo("warning: this window is over: an executor of today sends nothing of the file; name its day")
        flags += f" --as-of {done.expires_at[:10]}"
    echo(f"next: python -m live.executor{flags} (any further change voids this approval)")
