"""A small deterministic world for the executor's tests: one scripted feed, one session, real paper broker."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import numpy as np

from backtest.core.bars import Bars
from backtest.core.decision import ExecutionTime, Json, Side
from backtest.core.errors import Finding
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.family import POSITIONS, Family
from backtest.strategies.terms import Boundary, ContextColumn, TradingTerms
from live.handoff.model import SignalFile
from live.model.broker import OrderRequest
from live.model.feed import Quote, SecurityStatus
from live.runtime.runtime import Runtime
from live.settings.model import PaperFault, Settings
from live.system.clock import SimulatedClock

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.execution.job import Phase
    from live.execution.panic import Result
    from live.handoff.model import SignalOrder
    from live.ledger.tables import Order
    from live.orders.attempts import Attempts

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2025, 3, 5)  # a Wednesday, regular session
NEXT_DAY = date(2025, 3, 6)
AT = datetime(2025, 3, 5, 15, 46, tzinfo=NEW_YORK)


def bars(symbol: str, rows: Mapping[date, tuple[float, float, float, float]]) -> Bars:
    """Build bars from day -> (open, high, low, close)."""
    days = sorted(rows)
    columns = np.array([rows[day] for day in days], dtype=np.float64).reshape(-1, 4)
    return Bars(
        symbol=symbol,
        dates=np.array(days, dtype="datetime64[D]"),
        open=columns[:, 0],
        high=columns[:, 1],
        low=columns[:, 2],
        close=columns[:, 3],
        volume=np.full(len(days), 1000.0),
        source="test",
    )


@dataclass
class ScriptedFeed:
    """Quotes by symbol and bars by symbol, changed by the test."""

    prices: dict[str, float] = field(default_factory=dict)
    lows: dict[str, float] = field(default_factory=dict)
    opens: dict[str, float] = field(default_factory=dict)
    candles: dict[str, float] = field(default_factory=dict)
    daily: dict[str, Bars] = field(default_factory=dict)
    status: SecurityStatus = "normal"

    @property
    def name(self) -> str:
        return "test"

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        # completed sessions only: the tests' sessions all close at 16:00
        local = at.astimezone(NEW_YORK)
        found = {}
        for symbol in symbols:
            if symbol in self.daily:
                until = self.daily[symbol].until(local.date())
                if len(until) and until.last == local.date() and local.hour < 16:
                    until = until._slice(slice(0, len(until) - 1))
                found[symbol] = until
        return found

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        return {
            s: Quote(
                symbol=s,
                bid=self.prices[s],
                ask=self.prices[s],
                last=self.prices[s],
                quote_time=at,
                trade_time=at,
                open=self.opens.get(s, self.prices[s]),
                high=self.prices[s],
                low=self.lows.get(s, self.prices[s]),
                volume=1000.0,
                status=self.status,
                source="test",
                candle=self.candles.get(s),
            )
            for s in symbols
            if s in self.prices
        }


@dataclass(frozen=True)
class StubStrategy:
    """Just enough of a strategy for the executor: names, window and parameters."""

    name: str = "Hierarchical_Adaptive_v3_5b"  # whose context columns the files below have
    variant: str = "golden"
    family: Family = POSITIONS
    execution_time: ExecutionTime = "15min_before_close"
    parameters: dict[str, Any] = field(default_factory=lambda: {"stop_loss_pct": 10.0})
    overridden: tuple[str, ...] = ()
    signal_symbols: tuple[str, ...] = ("AAA", "BBB", "CCC")
    tradable_symbols: tuple[str, ...] = ("AAA", "BBB", "CCC")
    warmup_bars: int = 1
    history_floor: int = 1
    context_columns: tuple[ContextColumn, ...] = ()
    price_relations: tuple[PriceRelation, ...] = ()
    unusual: tuple[Finding, ...] = ()

    @property
    def terms(self) -> TradingTerms:
        return TradingTerms(**self.parameters)

    def with_parameters(self, changes: Mapping[str, Any]) -> StubStrategy:
        return replace(self, parameters={**self.parameters, **changes})

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> None:
        del figures, memory, decided_on

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        del figures
        return ()

    def evaluate(self, history: Mapping[str, Bars]) -> NoReturn:
        raise AssertionError("the executor decides nothing")


def order(
    symbol: str,
    intent: str,
    quantity: int,
    price: float,
    *,
    rank: float = 0.0,
    stop: float | None = None,
    day: date = DAY,
    **extra: Any,
) -> dict[str, Any]:
    side = "sell" if intent in {"exit", "reduce"} else "buy"
    return {
        "client_order_id": f"{day:%Y%m%d}_{symbol}_{intent}_{side}",
        "symbol": symbol,
        "side": side,
        "intent": intent,
        "quantity": quantity,
        "order_type": "market",
        "reference_price": price,
        "estimated_value": round(quantity * price, 2),
        "rank": rank,
        "reason": "test",
        "stop": None if stop is None else {"price": stop, "time_in_force": "gtc"},
        "details": {},
        "enabled": True,
        "note": "",
        **extra,
    }


def signal(
    orders: list[dict[str, Any]],
    *,
    day: date = DAY,
    cash: float = 100_000.0,
    positions: dict[str, int] | None = None,
    memory: Any = None,
    strategy: StubStrategy | None = None,
) -> SignalFile:
    """Return a sealed signal file for the 15-minutes-before-close window."""
    from backtest.calendar import sessions as calendar
    from live.generation.proposal import instant
    from live.handoff.canonical import sealed

    strategy = strategy or StubStrategy()
    session = calendar.session(day)
    assert session is not None
    window = calendar.window(session, strategy.execution_time)
    positions = positions or {}
    return sealed(
        {
            "$schema": "schema/trade_signals.schema.json",
            "schema_version": "1.0.0",
            "trade_date": day.isoformat(),
            "as_of": instant(window.opens_at),
            "session": {
                "open": instant(session.open),
                "close": instant(session.close),
                "early_close": session.early_close,
            },
            "execution_window": {
                "name": window.name,
                "opens_at": instant(window.opens_at),
                "closes_at": instant(window.closes_at),
            },
            "strategy": {
                "name": strategy.name,
                "variant": strategy.variant,
                "role": "primary",
                "family": strategy.family.name,
                "parameters": strategy.parameters,
                "sources": {},
            },
            "mode": "offline_mock",
            "inputs": {
                "bars": (),
                "quotes": (),
                "account": {
                    "reference": "paper",
                    "equity": 100_000.0,
                    "cash": cash,
                    "positions": positions,
                },
                "candidates": None,
                "settings_sha256": "0" * 64,
                "package_version": "0",
            },
            "decision": {
                "decided_on": window.decides_on.isoformat(),
                "rebalance": False,
                "diagnostics": {"cell": 1, "trend_state": "BullStrong", "vol_state": "Low"},
                "memory": memory or {},
            },
            "targets": (),
            "orders": tuple(orders),
            "skipped": (),
            "warnings": (),
            "residual_cash": 0.0,
        }
    )


@dataclass
class World:
    """Ledger, paper broker, feed and clock in one folder; `executor()` runs stage 2 once."""

    folder: Path
    feed: ScriptedFeed
    clock: SimulatedClock
    honours_client_id: bool = True
    attached: bool = True
    fault: PaperFault = "none"
    overrides: dict[str, Any] = field(default_factory=dict)
    wrap: Callable[[Any], Any] | None = None

    def settings(self) -> Settings:
        from live.settings.model import Settings

        base = {
            "books": [{"primary": "golden"}],
            "execution": {"min_cash_pct": 0, "max_buying_power_pct": 100},
        }
        return Settings.model_validate({**base, **self.overrides})

    def open(self) -> Runtime:
        """Return a fresh runtime on the files of this world, as a new process would."""
        from live.brokers.paper.broker import PaperBroker
        from live.ledger.ledger import Ledger
        from live.runtime.runtime import Runtime
        from live.settings.load import LoadedSettings

        settings = self.settings()
        broker = PaperBroker(
            self.folder / "paper.db",
            clock=self.clock,
            feed=self.feed,
            rules=settings.execution,
            initial_cash=100_000.0,
            fault=self.fault,
            honours_client_id=self.honours_client_id,
            supports_attached_stop=self.attached,
            durable=False,
        )
        ledger = Ledger.open(self.folder / "ledger.db", account="paper", now=self.clock.now())
        self.broker, self.ledger = broker, ledger
        return Runtime(
            settings=settings,
            loaded=LoadedSettings(settings, {}, self.folder, None),
            clock=self.clock,
            ledger=ledger,
            broker=self.wrap(broker) if self.wrap else broker,
            feed=self.feed,
            account="paper",
            signals=self.folder / "signals",
            state=self.folder / "state",
            manifest=self.folder / "manifest.json",
            strategies=self.folder,
            version="0",
        )

    def write(self, made: SignalFile, *, record: bool = True) -> Path:
        """Write a signal file and, as the generator does, record the original in the ledger."""
        from live.handoff.canonical import bytes_sha256, render
        from live.handoff.write import write_signal
        from live.ledger.ledger import GeneratedSignal

        content = render(made)
        path = write_signal(self.folder / "signals", made, content)
        if record:
            self.open().ledger.signals.record(
                GeneratedSignal(
                    session=date.fromisoformat(made.trade_date),
                    variant=made.strategy.variant,
                    role="primary",
                    path=str(path),
                    content=content.decode(),
                    seal=made.seal.digest,
                    bytes_sha256=bytes_sha256(content),
                    generated_at=self.clock.now(),
                    memory=made.decision.memory,
                )
            )
            self.ledger.close()
        return path

    def executor(self, *, strategy: StubStrategy | None = None, **request: Any) -> int:
        """Run stage 2 as a new process would; JutsuError passes."""
        from live import executor
        from live.books.variants import BookVariant

        runtime = self.open()
        strategy = strategy or StubStrategy()
        variants = (BookVariant(strategy, "primary", strategy.variant),)
        return executor.run(runtime, executor.ExecutorRequest(variants=variants, quiet=True, **request))

    def holdings(self) -> dict[str, int]:
        return self.broker.account().shares()


def world(folder: Path, **kind: Any) -> World:
    """Return a world with three symbols at 100, 50 and 20, at the opening of the closing window."""
    feed = ScriptedFeed(prices={"AAA": 100.0, "BBB": 50.0, "CCC": 20.0})
    return World(Path(folder), feed, SimulatedClock(AT), **kind)


ENTRY = order("AAA", "entry", 100, 100.0, stop=90.0, rank=2.0)
OTHER = order("BBB", "entry", 10, 50.0, stop=45.0, rank=1.0)


def states(made: World) -> list[tuple[str, str, int]]:
    """(id without its date, state, filled) of every order, oldest first."""
    return [
        (o.client_order_id[9:], o.state, o.filled_quantity) for o in reversed(made.ledger.orders.recent(50))
    ]


def outcome(made: World, day: date = DAY) -> str:
    row = made.ledger.signals.get(day, "golden")
    assert row is not None
    return row.outcome


def next_row(context: ExecutionContext, order: SignalOrder, quantity: int, attempts: Attempts) -> Order:
    """Return the row of the next try of an order, written into the journal as planned."""
    from live.execution.sending import next_try
    from live.orders.intended import journalled

    planned = next_try(context, order, quantity, attempts)
    return journalled(context.ledger, planned, at=context.clock.now())


def context_on_file(made: World, *, phase: Phase = "all") -> ExecutionContext:
    """Return the context of a run on the file of `DAY`, as a fresh process has it before it trades."""
    from backtest.calendar import sessions as calendar
    from live.books.variants import BookVariant
    from live.execution import job, steps
    from live.execution.context import RunNotes

    runtime, session = made.open(), calendar.session(DAY)
    assert session is not None
    strategy: Any = StubStrategy()
    variants = (BookVariant(strategy, "primary", "golden"),)
    path = made.folder / "signals" / f"trade_signals_{DAY}_golden.json"
    read = job.read_job(runtime.context, path, variants, session, accept_edits=False)
    return steps.context_for(
        runtime.context, runtime.broker, runtime.feed, read, RunNotes(), phase=phase, skip_time_check=False
    )


def panic_in(runtime: Runtime, *, everything: bool = False) -> Result:
    """Close everything, as `jutsu panic` does in a fresh process."""
    from live.execution.panic import close_everything

    return close_everything(runtime.context, runtime.broker, everything=everything)


def tomorrow(made: World, orders: list[dict[str, Any]], **more: Any) -> None:
    """Move to the next session and write its file."""
    made.clock.set(AT + timedelta(days=1))
    made.feed.daily = {s: bars(s, {NEXT_DAY: (p, p, p, p)}) for s, p in made.feed.prices.items()}
    made.write(signal(orders, day=NEXT_DAY, **more))


def enter(made: World, *orders: dict[str, Any]) -> None:
    made.write(signal(list(orders) or [ENTRY]))
    assert made.executor() == 0
    assert outcome(made) == "completed"


def next_order(symbol: str, intent: str, quantity: int, price: float, **more: Any) -> dict[str, Any]:
    return order(symbol, intent, quantity, price, day=NEXT_DAY, **more)


def edit(path: Path, **changes: Any) -> None:
    data = json.loads(path.read_text())
    data["orders"][0].update(changes)
    path.write_text(json.dumps(data, indent=2) + "\n")


class Wrapped:
    """The paper broker with some calls replaced."""

    def __init__(self, inner: Any, **calls: Any) -> None:
        self._inner, self._calls = inner, calls

    def __getattr__(self, name: Any) -> Any:
        found = self._calls.get(name)
        return (lambda *a: found(self._inner, *a)) if found else getattr(self._inner, name)


def bought(made: World) -> dict[str, int]:
    return {o.client_order_id[9:]: o.quantity for o in made.ledger.orders.recent(50) if o.side == "buy"}


def run_detail(made: World, day: date = DAY) -> dict[str, Any]:
    row = made.ledger.runs.get(day, "golden")
    assert row is not None
    assert row.detail is not None
    return row.detail


def hold_two(made: World) -> None:
    """Enter AAA and BBB, 100 shares each, each with its stop at the broker."""
    enter(made, ENTRY, order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0))


def live_stops(made: World) -> dict[str, int]:
    """Return symbol -> shares of the stops that rest at the broker."""
    listed = made.broker.orders(AT, AT + timedelta(hours=1))
    return {o.symbol: o.quantity for o in listed if not o.state.terminal and o.order_type == "stop"}


def by_hand(made: World, symbol: str, side: Side, quantity: int, **more: Any) -> str | None:
    """Send an order that this program knows nothing of."""
    return made.broker.submit(
        OrderRequest(f"hand_{symbol}_{side}_{quantity}", symbol, side, quantity, **more)
    )
