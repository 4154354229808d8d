"""The screen of `jutsu review` for a plan of breakouts."""

from __future__ import annotations

from live.cli.common import console, echo, table
from live.views.orb_plan import PlanView


def show_plan(view: PlanView) -> None:
    """Print a plan: warnings first, then strategies with sizes and what to expect, windows, limits."""
    from rich.text import Text

    out = console()
    for finding in view.problems:
        out.print(Text(f"PROBLEM  {finding.path}: {finding.problem}", style="bold red"))
    for warning in view.warnings:
        out.print(Text(f"WARNING  {warning}", style="yellow"))
    contract = f" {view.contract}" if view.contract else ""
    echo(f"{view.trading_day} breakouts of {view.symbol}{contract}, paper; portfolio {view.portfolio}")
    echo(f"approval: {view.standing}: {view.standing_reason}")
    columns = ("strategy", "contracts", "trades", "won", "mean R", "skill", "standing")
    rows = [
        (
            one.strategy_id if one.enabled else f"{one.strategy_id} (disabled)",
            str(one.max_contracts),
            f"{one.baseline.trades:,}",
            "" if one.baseline.win_rate is None else f"{one.baseline.win_rate:.0%}",
            f"{one.baseline.expectancy_r:+.3f}",
            "unknown" if one.skill is None else f"{one.skill:.2f}",
            one.standing,
        )
        for one in view.strategies
    ]
    table("", columns, rows, right=columns[1:6])
    for window in view.windows:
        echo(
            f"window {window.label} {window.minutes} min: {window.start[11:16]}-{window.end[11:16]} UTC, "
            f"a break counts before {window.deadline[11:16]}"
        )
    limits, sizing = view.limits, view.sizing
    echo(
        f"limits: halt {limits.drawdown_halt_r:g} R, warning {limits.drawdown_warning_r:g} R, "
        f"{limits.max_concurrent_positions} at once, {limits.max_per_orb_positions} a range, "
        f"{limits.max_daily_trades} trades a day"
    )
    prop = "" if sizing.max_drawdown is None else f" of the drawdown {sizing.max_drawdown:,.2f}"
    echo(f"size: {sizing.risk_pct:g} % of {sizing.equity:,.2f}{prop} a trade; {view.trials:,} were tried")
    for edit in view.edits:
        echo(f"changed: {edit}")
    echo(f"next: {view.next}")
