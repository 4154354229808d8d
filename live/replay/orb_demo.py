"""The demo of breakouts: a made-up market of minute bars, a plan a day, each session through both stages.

The market, the portfolio and its history are made up; the history is the days before, played by the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import fmean, median
from typing import Final

from backtest.calendar.trading_days import DayRows, days_with_bars
from backtest.core.files import write_atomic
from backtest.core.intraday_bars import IntradayBars
from backtest.data.sources.demo_minutes import demo_minutes
from backtest.indicators.intraday.price_grid import grid_of
from backtest.research.opening_range_breakout.dashboard import dashboard
from backtest.research.opening_range_breakout.monitor import alerts_of
from backtest.simulator.intraday.engine import MinuteBar, SessionEngine, run_session
from backtest.simulator.intraday.plan import PAPER, planned
from backtest.simulator.intraday.replay import ReplayTerms, bars_of, replay
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import (
    Baseline,
    Capital,
    Portfolio,
    PortfolioStrategy,
)
from backtest.strategies.opening_range_breakout.portfolio_file import write_portfolio
from backtest.strategies.opening_range_breakout.sizing import Sizing
from backtest.strategies.opening_range_breakout.strategy_key import EntryModel, StrategyKey
from live.generation.orb_plan import plan_next
from live.handoff.orb_plan_check import plan_of
from live.model.run import ORB_BOOK, Demo
from live.runtime.options import Options
from live.runtime.orb import OrbContext, open_orb
from live.session.bars import MINUTE
from live.session.events import SessionFiles
from live.session.plan import session_plan
from live.session.stage import run_loop
from live.system.clock import SimulatedClock
from live.views.inputs import ViewInputs
from live.views.orb import OrbView, read_orb

SYMBOL: Final = "MGC"
#: days before the demo that the strategies are measured on
HISTORY: Final = 40
#: how long before its day a plan is written
_BEFORE: Final = timedelta(minutes=30)
#: days of a demo at most: each is a day of minutes
MOST_SESSIONS: Final = 20
#: minutes between two passes of the demo
EVERY: Final = 5
_SETTINGS: Final = "orb:\n  portfolio: portfolio.json\n  bars: minutes.csv\n  max_bar_age_minutes: 10\n"
_CHOSEN: Final[tuple[tuple[str, EntryModel, Fraction, int], ...]] = (
    ("0900", "E1", Fraction(2), 2),
    ("1000", "E3", Fraction(1), 1),
    ("1100", "E1", Fraction(3, 2), 1),
    ("1800", "E3", Fraction(2), 1),
    ("2300", "E1", Fraction(1), 3),
)
_KEYS: Final = tuple(StrategyKey(5, "NO_FILTER", *one) for one in _CHOSEN)


@dataclass(frozen=True, slots=True)
class OrbDemo:
    """What the demo left.

    Attributes:
        days: that were played. view: of the book after them. page: the same days as one HTML file.
    """

    days: tuple[date, ...]
    view: OrbView
    page: Path


def run_orb_demo(
    folder: Path,
    signals: Path,
    last: date,
    sessions: int,
    *,
    seed: int = 7,
    history: int = HISTORY,
) -> OrbDemo:
    """Play the last trading days of the made-up market through both stages.

    Args:
        folder: of the project that is made: settings, portfolio, bars, ledger.
        signals: where the plans go.
        last: newest trading day, or a day after it.
        sessions: how many days.
        seed: another seed is another market.
        history: days before them that the strategies are measured on.
    """
    instrument = INSTRUMENTS[SYMBOL]
    bars = demo_minutes(SYMBOL, history + sessions, last, instrument.anchor, seed=seed)
    days = days_with_bars(bars, instrument.anchor)
    write_atomic(folder / "config" / "live.yaml", _SETTINGS.encode())
    portfolio, wanted = portfolio_of(bars, days[:history]), days[history:]
    write_portfolio(portfolio, folder / "portfolio.json")
    arrives = _Arrivals(folder / "minutes.csv", [bar for day in wanted for bar in bars_of(bars, day)])
    options = Options(
        config=folder / "config" / "live.yaml", state_db=folder / "ledger.db", output_dir=signals
    )
    clock = SimulatedClock(wanted[0].day.start - _BEFORE)
    with open_orb("demo", options, Demo(), clock) as orb:
        waiting = [day.day for day in wanted]

        def plan_in_time() -> None:
            """Write a plan half an hour before its day begins: the day before may still run."""
            arrives.until(clock.now())
            if waiting and clock.now() >= waiting[0].start - _BEFORE:
                plan_next(orb)
                waiting.pop(0)

        while waiting:
            clock.set(max(clock.now(), waiting[0].start - _BEFORE))
            plan_in_time()
            run_loop(orb, lambda _: None, every=EVERY, check=plan_in_time)
        view = read_orb(ViewInputs.of(orb.context))
        played = [_played(orb, day.day.day) for day in wanted]
    page = folder / "report.html"
    alerts = list(alerts_of(portfolio, played, [day.end - day.first for day in wanted]))
    write_atomic(page, dashboard(portfolio, played, alerts).encode())
    return OrbDemo(tuple(day.day.day for day in wanted), view, page)


def _played(orb: OrbContext, day: date) -> SessionEngine:
    """Return the session of a day from the bars that were acted on."""
    row = orb.context.ledger.signals.get(day, ORB_BOOK)
    assert row is not None
    plan = plan_of(row.executed_content or row.content)
    acted = SessionFiles(orb.folder(plan.trading_day)).acted()
    return run_session(session_plan(plan), [one.bar for one in acted])


def portfolio_of(bars: IntradayBars, days: Sequence[DayRows]) -> Portfolio:
    """Return a portfolio of a few fixed strategies with what these days showed of each."""
    instrument = INSTRUMENTS[SYMBOL]
    strategies = planned(_KEYS, instrument, [4] * len(_KEYS))
    terms = ReplayTerms(instrument, strategies, options=PAPER, grid=grid_of(bars).finer(2))
    sessions = list(replay(bars, days, terms))
    chosen = tuple(
        PortfolioStrategy(one.key, 1 / len(_KEYS), one.max_contracts, "made up", _baseline(one.id, sessions))
        for one in strategies
    )
    return Portfolio(
        name="demo",
        symbol=SYMBOL,
        status="OK",
        strategies=chosen,
        sizing=Sizing(equity=50_000.0, risk_pct=0.5),
        limits=RiskLimits(),
        capital=Capital(sum(one.baseline.trades_per_day for one in chosen), 250.0, 750.0, 1250.0),
        trials=len(_KEYS),
        notes=("DEMO: a made-up market; its history means nothing",),
    )


class _Arrivals:
    """The program that writes minute bars: a line is appended when its minute is over."""

    def __init__(self, path: Path, bars: Sequence[MinuteBar]) -> None:
        self._path, self._bars, self._next = path, bars, 0
        write_atomic(path, b"ts_utc,open,high,low,close,volume\n")

    def until(self, now: datetime) -> None:
        """Append what is over at an instant."""
        first = self._next
        while self._next < len(self._bars) and self._bars[self._next].minute + MINUTE <= now:
            self._next += 1
        with self._path.open("a", encoding="ascii") as stream:
            stream.writelines(_row(bar) for bar in self._bars[first : self._next])


def _row(bar: MinuteBar) -> str:
    prices = ",".join(f"{price:g}" for price in (bar.open, bar.high, bar.low, bar.close, bar.volume))
    return f"{bar.minute:%Y-%m-%dT%H:%M:%SZ},{prices}\n"


def _baseline(name: str, sessions: Sequence[SessionEngine]) -> Baseline:
    trades = [session.trades[name] for session in sessions if name in session.trades]
    done = [trade for trade in trades if trade.exited_at is not None]
    decided = [trade.outcome == "win" for trade in done if trade.outcome in {"win", "loss"}]
    sizes = [trade.price(trade.range.high) - trade.price(trade.range.low) for trade in trades]
    return Baseline(
        trades=len(done),
        win_rate=sum(decided) / len(decided) if decided else None,
        expectancy_r=round(fmean(trade.result_r for trade in done), 4) if done else 0.0,
        trades_per_day=round(len(done) / len(sessions), 4),
        median_risk_points=round(median(trade.risk_points for trade in done), 4) if done else None,
        median_range_points=round(median(sizes), 4) if sizes else None,
    )
