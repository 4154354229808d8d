"""`jutsu orb`: the book of breakouts on one screen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, echo, emit_json, open_command, table
from live.model.run import Reading
from live.views.orb import OrbSession, OrbTrade, OrbView

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

EqualityOption = Annotated[
    bool, typer.Option("--equality", help="Compare the newest session's bars with the table of outcomes.")
]
_KNOWN: Final = frozenset({"fired", "quiet"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(orb)


def orb(
    *,
    equality: EqualityOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Show the book of breakouts: its session, each strategy beside its history, days, alerts, trades."""
    from live.views.inputs import ViewInputs
    from live.views.orb import read_orb

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        if equality:
            _show_equality(ViewInputs.of(runtime.context), as_json=as_json)
            return
        view = read_orb(ViewInputs.of(runtime.context))
    if as_json:
        emit_json(view)
    else:
        show(view)


def show(view: OrbView) -> None:
    """Print the view: the session first."""
    if view.session is None:
        text = "no session was planned yet: python -m live.signal_generator --strategy orb"
        echo(text if view.set_up else "there is no book of breakouts: set orb.portfolio in config/live.yaml")
        return
    _show_session(view, view.session)
    _show_strategies(view)
    _show_alerts(view)
    total = view.days[-1].total_r if view.days else 0.0
    equity = "" if view.equity is None else f", equity {view.equity:,.2f}"
    echo(f"{len(view.days)} days with trades, {total:+.2f} R together{equity}")
    show_trades(view.trades[:10])


def _show_equality(inputs: ViewInputs, *, as_json: bool) -> None:
    """Show the gate on the newest session; exit code 1 when it is not passed."""
    from live.views.orb_equality import read_equality

    found = read_equality(inputs)
    if as_json:
        emit_json(found)
    else:
        for line in found.differences:
            echo(line)
        verdict = "equal" if found.passed else "NOT equal"
        echo(f"{found.trading_day}: {found.trades:,} trades of session engine and outcomes: {verdict}")
    if not found.passed:
        raise typer.Exit(1)


def line_of(view: OrbView) -> str:
    """Return the book in one line; empty where none is set up."""
    if not view.set_up:
        return ""
    if view.session is None:
        return "breakouts (paper): no session was planned yet"
    one = view.session
    held = f", NO ENTRIES: {one.held}" if one.held and one.state == "running" else ""
    result = f"{len(one.open_trades)} open, {one.realised_r:+.2f} R"
    return f"breakouts (paper): {one.trading_day} {one.state}, {result}{held} (`jutsu orb`)"


def _show_session(view: OrbView, session: OrbSession) -> None:
    echo(
        f"breakouts of {view.symbol} (paper), {session.trading_day}: {session.state}; plan {session.standing}"
    )
    if session.state == "planned":
        echo(f"first window {session.first_window[:16].replace('T', ' ')} UTC: jutsu review")
    if session.newest_bar is not None:
        held = f"; NO ENTRIES: {session.held}" if session.held else ""
        echo(f"newest bar {session.newest_bar[11:16]} UTC{held}")
    used = ", ".join(f"{one.name} {one.used:g} of {one.limit:g}" for one in session.limits)
    echo(f"{session.realised_r:+.2f} R ({session.realised_dollars:+,.2f}); limits: {used}")
    for name in session.open_trades:
        echo(f"open: {name}")


def _show_alerts(view: OrbView) -> None:
    """Print what fired, and count what is not known yet."""
    for alert in view.alerts:
        if alert.state == "fired":
            about = f" {alert.about}" if alert.about else ""
            echo(f"{alert.severity}: {alert.name.replace('_', ' ')}{about}: {alert.text}")
    unknown = Counter(alert.name.replace("_", " ") for alert in view.alerts if alert.state not in _KNOWN)
    if unknown:
        counts = ", ".join(f"{name} ({count})" for name, count in unknown.items())
        echo(f"not enough data yet to judge: {counts}")


def _show_strategies(view: OrbView) -> None:
    columns = ("strategy", "trades", "won", "usually", "mean R", "usually", "total R")
    rows = [
        (
            one.strategy_id if one.enabled else f"{one.strategy_id} (disabled)",
            str(one.trades),
            "" if one.win_rate is None else f"{one.win_rate:.0%}",
            "" if one.usual_win_rate is None else f"{one.usual_win_rate:.0%}",
            "" if one.mean_r is None else f"{one.mean_r:+.3f}",
            f"{one.usual_mean_r:+.3f}",
            f"{one.total_r:+.2f}",
        )
        for one in view.strategies
    ]
    table("", columns, rows, right=columns[1:])


def show_trades(trades: tuple[OrbTrade, ...]) -> None:
    """Print trades of the journal, newest first."""
    columns = ("day", "strategy", "side", "contracts", "entry", "exit", "R", "dollars", "end")
    rows = [
        (
            str(one.trading_day),
            one.strategy_id,
            one.direction,
            str(one.contracts),
            "" if one.entry_price is None else f"{one.entry_price:g}",
            "" if one.exit_price is None else f"{one.exit_price:g}",
            "" if one.pnl_r is None else f"{one.pnl_r:+.2f}",
            "" if one.pnl_dollars is None else f"{one.pnl_dollars:+,.2f}",
            one.exit_reason,
        )
        for one in trades
    ]
    if rows:
        table("breakouts", columns, rows, right=columns[3:8])
