"""A file that waits for a person's answer: what the message about it says."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from live.handoff.approval import Standing, effective_policy, orders_to_send
from live.runtime.account import is_paper

if TYPE_CHECKING:
    from pathlib import Path

    from live.generation.due import Due
    from live.handoff.model import SignalFile, SignalOrder
    from live.runtime.runtime import RunContext
    from live.settings.model import ApprovalSettings


def waiting_lines(
    signal: SignalFile,
    path: Path,
    sha256: str,
    approval: ApprovalSettings,
    until: str,
    page: str | None = None,
) -> list[str]:
    """Return the message: every order with its value, what silence means for it, and how to answer.

    Args:
        signal: the file.
        path: where it lies.
        sha256: of its bytes; the approval binds exactly these.
        approval: what the settings say about no answer.
        until: New York time at which the window closes.
        page: address of the dashboard, None without one; it carries no secret.
    """
    go, held = orders_to_send(signal, Standing("silent", "nobody answered"), approval)
    going = {order.client_order_id for order in go}
    text = [f"No answer until {until} New York: {len(go)} order(s) go, {len(held)} stay."]
    text += [_order_line(order, goes=order.client_order_id in going) for order in signal.orders]
    text += [f"warning: {warning}" for warning in signal.warnings]
    file = shlex.quote(str(path))
    on_page = [] if page is None else [f"answer on the page: {page}/"]
    return [
        *text,
        "",
        *on_page,
        "jutsu review",
        f"jutsu approve {file} --sha256 {sha256}",
        f"jutsu skip {file}",
    ]


def tell_waiting(context: RunContext, due: Due, signal: SignalFile, path: Path, sha256: str) -> None:
    """Send the message when a person must answer; a file without orders asks nobody."""
    from live.alerts.causes import key_of
    from live.alerts.outbox import send

    if effective_policy(context.settings.approval, context.settings.mode) != "required" or not signal.orders:
        return
    until = f"{due.window.closes_at.astimezone(calendar.NEW_YORK):%H:%M}"
    variant, day = signal.strategy.variant, due.session.day
    send(
        context,
        key=key_of("waiting", variant=variant, session=day, detail=sha256[:12]),  # made anew, asks anew
        level="warning",
        title=f"[{_account_kind(context)}] {variant} {day}: {len(signal.orders)} order(s) wait until {until}",
        body="\n".join(
            waiting_lines(
                signal, path, sha256, context.settings.approval, until, context.settings.dashboard.url
            )
        ),
        report=True,
    )


def _order_line(order: SignalOrder, *, goes: bool) -> str:
    silence = "goes without an answer" if goes else "stays without an answer"
    stop = "" if order.stop is None else f", stop {order.stop.price:g}"
    return (
        f"{order.side} {order.quantity} {order.symbol} about {order.estimated_value:,.2f} "
        f"({order.intent}{stop}): {silence}"
    )


def _account_kind(context: RunContext) -> str:
    return "PAPER" if is_paper(context.account) else context.account
