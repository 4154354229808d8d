"""`python -m backtest orb replay | equality`: a portfolio day by day, and the gate before it trades."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from backtest.cli.orb_inputs import add_bars, add_inputs, read_study, study_of_bars, write_output
from backtest.core.errors import UsageError
from backtest.indicators.intraday.price_grid import grid_of
from backtest.reporting.breakout_alerts import BreakoutAlert
from backtest.research.opening_range_breakout.dashboard import dashboard
from backtest.research.opening_range_breakout.equality import compare
from backtest.research.opening_range_breakout.journal_table import events_jsonl, journal_csv
from backtest.research.opening_range_breakout.monitor import alerts_jsonl, alerts_of
from backtest.research.opening_range_breakout.study import Study
from backtest.simulator.intraday.engine import SessionEngine
from backtest.simulator.intraday.grid import Grid
from backtest.simulator.intraday.journal import JournalRow, journal_of
from backtest.simulator.intraday.plan import PAPER, REPLAY, planned
from backtest.simulator.intraday.replay import ReplayTerms, replay
from backtest.strategies.opening_range_breakout.instrument_file import known_instruments
from backtest.strategies.opening_range_breakout.limits import NO_LIMITS
from backtest.strategies.opening_range_breakout.portfolio import Portfolio
from backtest.strategies.opening_range_breakout.portfolio_file import read_portfolio

_SHOWN: Final = 5
#: exit code of a gate that is not passed
NOT_EQUAL: Final = 1


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add both commands."""
    words = "play the days of a portfolio through the session engine"
    parser = commands.add_parser("replay", help=words, description=f"{words.capitalize()}.")
    add = parser.add_argument
    add_bars(parser)
    add("--portfolio", type=Path, required=True, metavar="FILE.json", help="what `orb portfolio` wrote")
    add("--output-dir", type=Path, required=True, metavar="DIR", help="where events.jsonl and journal.csv go")
    add(
        "--fills",
        choices=("outcomes", "paper"),
        default="paper",
        help="as in the table, or as tradable (default)",
    )
    add("--no-limits", action="store_true", help="without the limits of the day")
    parser.set_defaults(command=run_replay)
    words = "compare sessions with the table of outcomes, trade by trade"
    parser = commands.add_parser(
        "equality", help=words, description=f"{words.capitalize()}; exit 1 if one differs."
    )
    add_inputs(parser)
    parser.set_defaults(command=run_equality)


def run_equality(args: argparse.Namespace) -> int:
    """Show what differs. Returns 0 when nothing does, 1 when something does or nothing was compared."""
    found = compare(read_study(args))
    for difference in found.differences[:_SHOWN]:
        print(difference.line())
    verdict = "equal" if found.passed else f"NOT equal, {len(found.differences):,} differ"
    print(f"{found.trades:,} trades on {found.days:,} days: {verdict}")
    return 0 if found.passed else NOT_EQUAL


def run_replay(args: argparse.Namespace) -> int:
    """Write events and journal. Returns 0; every refusal is a JutsuError."""
    portfolio = read_portfolio(args.portfolio, known_instruments(args.instruments))
    if not portfolio.strategies:
        raise UsageError("the portfolio holds no strategy", where=str(args.portfolio))
    study = study_of_bars(args, portfolio.symbol)
    sessions = list(_sessions(study, portfolio, args))
    rows: list[JournalRow] = []
    for session in sessions:
        written = session.plan.end  # a replay has no clock of its own
        rows += journal_of(session, "replay", portfolio.name, created_at=written, first_id=len(rows) + 1)
    days = ((f"{session.plan.day.day}", session.events) for session in sessions)
    write_output(args.output_dir / "events.jsonl", events_jsonl(days))
    write_output(args.output_dir / "journal.csv", journal_csv(rows))
    counts = {day.day.day: day.end - day.first for day in study.days}
    bars = [counts[session.plan.day.day] for session in sessions]
    alerts = list(alerts_of(portfolio, sessions, bars))
    write_output(args.output_dir / "alerts.jsonl", alerts_jsonl(alerts))
    write_output(args.output_dir / "report.html", dashboard(portfolio, sessions, alerts))
    print("\n".join((*_summary(sessions, rows), _alerts_line(alerts), f"written to {args.output_dir}")))
    return 0


def _sessions(study: Study, portfolio: Portfolio, args: argparse.Namespace) -> Iterator[SessionEngine]:
    keys = [one.key for one in portfolio.strategies]
    most = [one.max_contracts for one in portfolio.strategies]
    grid = Grid(ratios=tuple(sorted({key.ratio for key in keys})))
    terms = ReplayTerms(
        instrument=study.instrument,
        strategies=planned(keys, study.instrument, most),
        limits=NO_LIMITS if args.no_limits else portfolio.limits,
        sizing=portfolio.sizing,
        options=PAPER if args.fills == "paper" else REPLAY,
        grid=None if args.compat else grid_of(study.bars).finer(grid.denominator),
    )
    wanted = {day.day.day for day in study.wanted_days}
    places = [n for n, day in enumerate(study.days) if day.day.day in wanted]
    return replay(study.bars, study.days, terms, places)


def _alerts_line(days: Sequence[tuple[BreakoutAlert, ...]]) -> str:
    """Return how many alerts fired, and how many are not known yet on the last day."""
    fired = Counter(alert.name for alerts in days for alert in alerts if alert.state == "fired")
    unknown = sum(alert.state == "not_enough_data" for alert in days[-1]) if days else 0
    words = ", ".join(f"{count:,} {name}" for name, count in sorted(fired.items())) or "none fired"
    return f"alerts: {words}; {unknown:,} not known yet on the last day"


def _summary(sessions: list[SessionEngine], rows: list[JournalRow]) -> list[str]:
    """Return what a person reads about a replay."""
    done = [row for row in rows if row.outcome != "rejected"]
    counts = {
        word: sum(row.outcome == word for row in rows) for word in ("win", "loss", "scratch", "rejected")
    }
    total = sum(row.pnl_r or 0.0 for row in done)
    dollars = sum(row.pnl_dollars or 0.0 for row in done)
    halted = sum(session.risk.halted for session in sessions)
    return [
        f"{len(sessions):,} days, {len(done):,} trades: "
        + ", ".join(f"{count:,} {word}" for word, count in counts.items()),
        f"{total:+.4f} R, {dollars:+,.2f} dollars; {halted:,} days ended by the circuit breaker",
    ]
