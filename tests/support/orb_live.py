"""A project with a book of breakouts for tests: portfolio, minute bars that arrive, both stages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from backtest.calendar.trading_days import days_with_bars
from backtest.core.intraday_bars import IntradayBars
from backtest.simulator.intraday.engine import MinuteBar, SessionEngine, run_session
from backtest.simulator.intraday.replay import bars_of
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import (
    Baseline,
    Capital,
    Portfolio,
    PortfolioStrategy,
)
from backtest.strategies.opening_range_breakout.portfolio_file import write_portfolio
from backtest.strategies.opening_range_breakout.sizing import Sizing
from backtest.strategies.opening_range_breakout.strategy_key import ENTRY_MODELS, EntryModel, StrategyKey
from live.generation.orb_plan import plan_next
from live.handoff.orb_plan_check import plan_of
from live.ledger.ledger import Ledger
from live.model.run import Daily, Run
from live.runtime.account import ORB_ACCOUNT
from live.runtime.orb import OrbContext, orb_of
from live.session.plan import session_plan
from live.session.stage import run_loop, run_once
from live.settings.load import LoadedSettings, load_settings
from live.system.clock import SimulatedClock
from tests.support.minute_world import random_bars

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = date(2024, 1, 5)
BASELINE = Baseline(120, 0.4, 0.2, 0.5, 2.0, 2.0)
SETTINGS = """\
orb:
  portfolio: portfolio.json
  bars: minutes.csv
"""


def strategy(
    label: str = "1000",
    model: EntryModel = "E1",
    ratio: str = "2",
    confirm: int = 1,
    *,
    name: str = "NO_FILTER",
    minutes: int = 5,
    most: int = 4,
) -> PortfolioStrategy:
    key = StrategyKey(minutes, name, label, model, Fraction(ratio), confirm)
    return PortfolioStrategy(key, 0.25, most, "validated", BASELINE, 0.9)


#: both sides of the market, every entry model, ratios in half ticks, a filter
STRATEGIES = (
    strategy("0900", "E1", "3/2", 2),
    strategy("1000", "E3", "1"),
    strategy("1100", "E2", "3/2"),
    strategy("1100", "E1", "2", 3, name="ORB_L9"),
    strategy("1800", "E3", "3", minutes=15),
    strategy("2300", "E1", "1"),
    strategy("0030", "E1", "4"),
)


def portfolio(
    strategies: Sequence[PortfolioStrategy] = STRATEGIES, *, symbol: str = "MGC", **limits: Any
) -> Portfolio:
    return Portfolio(
        name="demo",
        symbol=symbol,
        status="OK",
        strategies=tuple(strategies),
        sizing=Sizing(equity=50_000.0, risk_pct=1.0, max_contracts=20),
        limits=RiskLimits(**{"max_per_orb_positions": 2, **limits}),
        capital=Capital(2.0, 500.0, 1500.0, 2500.0),
        trials=7,
    )


#: a session of 200 minutes
SHORT = f'{SETTINGS}  flat_by: "12:20 Australia/Brisbane"\n'


class Quick(Daily):
    """A daily run that does not wait for the disk: only a power cut could tell."""

    durable: ClassVar[bool] = False


def real_day(root: Path, bars: IntradayBars, day: date, label: str = "") -> OrbWorld:
    """Return the world of one day of real bars, planned; with all strategies, or those of one label."""
    world = OrbWorld(root)
    rows = next(one for one in days_with_bars(bars, FUTURES_DAY) if one.day.day == day)
    world.bars = bars_of(bars, rows)
    chosen: Sequence[PortfolioStrategy] = STRATEGIES
    if label:
        chosen = tuple(strategy(label, model, "3/2", 1 + n) for n, model in enumerate(ENTRY_MODELS))
    one = portfolio(chosen, symbol=bars.symbol, max_per_orb_positions=3)
    world.clock.set(rows.day.start - timedelta(minutes=30))
    world.set_up(one)
    world.plan(force=True)
    world.arrive()
    return world


@dataclass
class OrbWorld:
    """A project in a folder; `bars` are those of the day, which `arrive` brings into the file."""

    root: Path
    run: Run = field(default_factory=Quick)
    seed: int = 2
    clock: SimulatedClock = field(init=False)
    bars: list[MinuteBar] = field(init=False)
    _loaded: LoadedSettings | None = None

    def __post_init__(self) -> None:
        self.clock = SimulatedClock(datetime(2024, 1, 4, 22, 30, tzinfo=UTC))
        whole = random_bars(self.seed, 5, kept=0.99)
        day = next(one for one in days_with_bars(whole, FUTURES_DAY) if one.day.day == DAY)
        self.bars = bars_of(whole, day)

    def short(self, one: Portfolio | None = None, settings: str = SHORT) -> OrbWorld:
        """Set up a planned session of 200 minutes."""
        self.bars = self.bars[:205]
        self.set_up(one, settings)
        self.plan()
        return self

    def set_up(self, one: Portfolio | None = None, settings: str = SETTINGS) -> None:
        (self.root / "config").mkdir(parents=True, exist_ok=True)
        (self.root / "config" / "live.yaml").write_text(settings)
        write_portfolio(one or portfolio(), self.root / "portfolio.json")

    @property
    def minutes(self) -> Path:
        return self.root / "minutes.csv"

    def arrive(self, until: datetime | None = None, bars: Sequence[MinuteBar] | None = None) -> None:
        """Write the bars that are over at an instant into the file."""
        known = self.bars if bars is None else bars
        lines = [
            f"{b.minute:%Y-%m-%dT%H:%M:%SZ},{b.open},{b.high},{b.low},{b.close},{b.volume}"
            for b in known
            if until is None or b.minute + timedelta(minutes=1) <= until
        ]
        self.minutes.write_text("\n".join(("ts_utc,open,high,low,close,volume", *lines, "")))

    @contextmanager
    def opened(self) -> Iterator[OrbContext]:
        if self._loaded is None:
            config = self.root / "config" / "live.yaml"
            self._loaded = load_settings(
                config=config, environ={}, overrides={}, flags={}, now=self.clock.now()
            )
        loaded = self._loaded
        path = loaded.path(loaded.settings.paths.state_db)
        known = {"scratch": self.run.scratch, "durable": self.run.durable}
        with Ledger.open(path, account="paper", now=self.clock.now(), **known) as ledger:
            yield orb_of(ledger, loaded, self.run, self.clock)

    def plan(self, *, force: bool = False) -> str:
        with self.opened() as orb:
            return plan_next(orb, force=force)

    def step(self, at: datetime) -> tuple[str, ...]:
        """Bring the bars of an instant and make one pass, as a program that cron starts would."""
        self.arrive(at)
        return self.look(at)

    def look(self, at: datetime) -> tuple[str, ...]:
        """Make one pass at an instant."""
        self.clock.set(at)
        with self.opened() as orb:
            return run_once(orb)

    def loop(self) -> None:
        """Let the loop make the passes of the day."""
        with self.opened() as orb:
            run_loop(orb, lambda _: None, every=5)

    def whole_day(self, minutes: int = 1) -> None:
        """Make a pass every so many minutes until the session is over."""
        at = self.bars[0].minute + timedelta(minutes=1)
        while at <= self.bars[-1].minute + timedelta(minutes=10):
            self.step(at)
            at += timedelta(minutes=minutes)

    def expected(self) -> SessionEngine:
        """Return the session that the engine makes of the whole day, at once."""
        with self.opened() as orb:
            (row,) = orb.context.ledger.signals.recent(1, "orb")
            plan = plan_of(row.executed_content or row.content)
        return run_session(session_plan(plan), self.bars)

    @property
    def folder(self) -> Path:
        return self.root / "state" / "orb" / DAY.isoformat()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with Ledger.open(
            self.root / "state" / "ledger.db", account=ORB_ACCOUNT, now=self.clock.now()
        ) as found:
            yield found
