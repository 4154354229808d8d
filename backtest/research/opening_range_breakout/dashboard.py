"""A replay as one HTML page without scripts or other files."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np

from backtest.reporting import charts
from backtest.reporting.breakout_alerts import BreakoutAlert
from backtest.simulator.intraday.engine import SessionEngine
from backtest.strategies.opening_range_breakout.portfolio import Portfolio, PortfolioStrategy

Days = Sequence[tuple[BreakoutAlert, ...]]
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1rem; margin-top: 2rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
th, td { padding: .25rem .7rem .25rem 0; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
.CRITICAL { color: #a3001b; font-weight: 600 } .WARNING { color: #8a5a00; font-weight: 600 }
"""


def dashboard(portfolio: Portfolio, sessions: Sequence[SessionEngine], alerts: Days) -> str:
    """Return the page of a replay.

    Args:
        portfolio: what was played.
        sessions: ended, one a day, oldest first, at least one.
        alerts: of each of these days.
    """
    title = escape(f"{portfolio.name}: {sessions[0].plan.day.day} to {sessions[-1].plan.day.day}")
    total = sum(session.risk.realised_r for session in sessions)
    count = len(portfolio.strategies)
    result = f"{total:+.2f} R on {len(sessions):,} days."
    parts = [
        f"<p>{portfolio.status}, {count} of {portfolio.trials:,} strategies tried. {result}</p>",
        *(f"<p>{escape(note)}</p>" for note in portfolio.notes),
        _result_chart(sessions),
        _section("Strategies against their history", _strategies(portfolio, sessions)),
        _section("Most of each limit that a day used", _risk(sessions)),
        _section("Size of the ranges", _sizes(alerts[-1])),
        _section(f"Alerts of {sessions[-1].plan.day.day}", _alerts(alerts[-1])),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}{charts.STYLE}</style></head>\n'
        f"<body>\n<h1>{title}</h1>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{body}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], marks: Sequence[str] = ()) -> str:
    """Return a table; `marks` are the classes of its rows."""
    shown = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        f'<tr class="{mark}">' + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row, mark in zip(rows, marks or [""] * len(rows), strict=True)
    )
    return f"<table><tr>{shown}</tr>{body}</table>" if rows else "<p>None.</p>"


def _result_chart(sessions: Sequence[SessionEngine]) -> str:
    total = np.cumsum([session.risk.realised_r for session in sessions])
    low, high = min(0.0, float(total.min())), max(0.0, float(total.max()))
    values = sorted({low, 0.0, high} if high > low else {0.0, 1.0})
    ticks = [charts.Tick(value, f"{value:+.1f} R") for value in values]
    days = [session.plan.day.day for session in sessions]
    return charts.line_chart("Result so far in R", days, [charts.Series("all strategies", total)], ticks)


def _strategies(portfolio: Portfolio, sessions: Sequence[SessionEngine]) -> str:
    head = ("strategy", "trades", "won", "mean R", "sum R", "history: trades", "won", "mean R", "DSR")
    rows = [_strategy(one, one.key.id(portfolio.symbol), sessions) for one in portfolio.strategies]
    return _table(head, rows)


def _strategy(one: PortfolioStrategy, name: str, sessions: Sequence[SessionEngine]) -> tuple[str, ...]:
    trades = [session.trades[name] for session in sessions if name in session.trades]
    done = [trade for trade in trades if trade.exited_at is not None]
    decided = [trade.outcome == "win" for trade in done if trade.outcome != "scratch"]
    total = sum(trade.result_r for trade in done)
    base = one.baseline
    return (
        name,
        f"{len(done):,}",
        f"{sum(decided) / len(decided):.0%}" if decided else "–",
        f"{total / len(done):+.4f}" if done else "–",
        f"{total:+.2f}",
        f"{base.trades:,}",
        "–" if base.win_rate is None else f"{base.win_rate:.0%}",
        f"{base.expectancy_r:+.4f}",
        "–" if one.skill is None else f"{one.skill:.2f}",
    )


def _risk(sessions: Sequence[SessionEngine]) -> str:
    limits = sessions[0].plan.limits
    worst = min(session.risk.realised_r for session in sessions)
    used = (
        ("loss of a day in R", max(0.0, -worst), -limits.drawdown_halt_r),
        ("open at once", max(map(_most_open, sessions)), limits.max_concurrent_positions),
        ("entries of a day", max(session.risk.entries for session in sessions), limits.max_daily_trades),
    )
    rows = [(name, f"{value:g}", f"{limit:g}", f"{value / limit:.0%}") for name, value, limit in used]
    return _table(("limit", "used", "of", "part"), rows)


def _most_open(session: SessionEngine) -> int:
    """Return how many trades were open at once at most."""
    now = most = 0
    for event in session.events:
        now += {"ENTRY": 1, "EXIT": -1, "SCRATCH": -1}.get(event.type, 0)
        most = max(most, now)
    return most


def _sizes(alerts: Sequence[BreakoutAlert]) -> str:
    rows = [(a.about, a.text, a.state.replace("_", " ")) for a in alerts if a.name == "range_size_regime"]
    return _table(("range", "last 30 days", "regime"), rows)


def _alerts(alerts: Sequence[BreakoutAlert]) -> str:
    fired = [alert for alert in alerts if alert.state == "fired"]
    unknown = sum(alert.state == "not_enough_data" for alert in alerts)
    rows = [(a.name.replace("_", " "), a.severity, a.about, a.text) for a in fired]
    table = _table(("alert", "severity", "about", "numbers"), rows, [alert.severity for alert in fired])
    return f"{table}\n<p>{unknown} of {len(alerts)} cannot be judged yet: not enough data.</p>"
