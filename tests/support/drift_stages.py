"""Sessions of the demo market through both real stages and the paper broker, with faults of the test's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from live import executor, signal_generator
from live.brokers.paper.broker import PaperBroker
from live.execution.record import mark_session
from live.model.feed import Feed, Quote
from live.model.run import Replay
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from live.system.clock import SimulatedClock
from tests.support.paths import PROJECT

#: golden buys two funds, does nothing twice, sells one and buys two
FIRST, SECOND, THIRD, SWITCH = (date(2024, 1, day) for day in (2, 3, 4, 5))
LAST = date(2024, 1, 12)


@dataclass
class Shifted:
    """A feed whose quotes are a factor away from the close that the bar will have."""

    feed: Feed
    factor: float = 1.0

    @property
    def name(self) -> str:
        return self.feed.name

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        return self.feed.history(symbols, at)

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        return {s: self._moved(quote) for s, quote in self.feed.quotes(symbols, at).items()}

    def _moved(self, quote: Quote) -> Quote:
        def moved(price: float | None) -> float | None:
            return None if price is None else round(price * self.factor, 6)

        return replace(quote, bid=moved(quote.bid), ask=moved(quote.ask), last=moved(quote.last))


@dataclass
class Stages:
    """The two stages, step by step; `asked` is what the stages read, `filled` what the broker fills at."""

    runtime: Runtime
    asked: Shifted
    filled: Shifted
    clock: SimulatedClock

    @property
    def broker(self) -> PaperBroker:
        assert isinstance(self.runtime.broker, PaperBroker)
        return self.runtime.broker

    def file(self, day: date) -> Path:
        return self.runtime.signals / f"trade_signals_{day}_golden.json"

    def at_window(self, day: date) -> None:
        session = calendar.session(day)
        assert session is not None
        self.clock.set(calendar.window(session, "close").opens_at)

    def generate(self, day: date) -> None:
        self.at_window(day)
        request = signal_generator.GeneratorRequest(strategies=("golden",), quiet=True)
        assert signal_generator.run(self.runtime, request) == 0

    def execute(self, day: date) -> None:
        self.at_window(day)
        assert (
            executor.run(
                self.runtime, executor.ExecutorRequest(variant="golden", accept_edits=True, quiet=True)
            )
            == 0
        )

    def mark(self, day: date) -> None:
        session = calendar.session(day)
        assert session is not None
        self.clock.set(session.close + timedelta(minutes=1))
        runtime = self.runtime
        mark_session(runtime.context, runtime.broker, runtime.feed, "golden", day)

    def trade(self, until: date = LAST, **at: Callable[[Stages, date], None]) -> None:
        """Trade every session; `d20240105=do` does something else than the two stages in one of them."""
        for session in calendar.sessions(FIRST, until):
            special = at.get(f"d{session.day:%Y%m%d}")
            if special is None:
                self.generate(session.day)
                self.execute(session.day)
            else:
                special(self, session.day)
            self.mark(session.day)

    def edit(self, day: date, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the orders of a file by hand."""
        path = self.file(day)
        data = json.loads(path.read_text())
        for order in data["orders"]:
            change(order)
        path.write_text(json.dumps(data))


@contextmanager
def opened(folder: Path, commission: float = 0.0) -> Iterator[Stages]:
    """Open a fresh account in a folder."""
    first = calendar.session(FIRST)
    assert first is not None
    clock = SimulatedClock(first.open)
    wired = Options(
        config=PROJECT / "config" / "live.yaml",
        state_db=folder / "ledger.db",
        output_dir=folder / "signals",
        cash=100_000.0,
        mode="offline_mock",
    )
    with open_runtime("replay", wired, Replay(), clock) as runtime:
        asked, filled = Shifted(runtime.feed), Shifted(runtime.feed)
        rules = runtime.settings.execution.model_copy(update={"commission_per_order": commission})
        broker = PaperBroker(folder / "paper.db", clock=clock, feed=filled, rules=rules)
        try:
            yield Stages(replace(runtime, feed=asked, broker=broker), asked, filled, clock)
        finally:
            broker.close()
