"""A user of the earnings strategy: a flat little market that a test bends, reports, a day's timetable."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK
from backtest.core.decision import Side
from live.model.broker import OrderRequest
from live.model.run import asked_for
from live.replay.earnings_demo import write_report
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from live.system.clock import SimulatedClock
from tests.support.user_world import Ran, User, new_user

MON, TUE, WED, THU, FRI, NEXT = (f"2026-02-{day:02}" for day in (2, 3, 4, 5, 6, 9))
FIRST_BAR, LAST_BAR = date(2025, 6, 2), date(2026, 2, 27)


@dataclass
class Stocks:
    """Daily bars by symbol: everything stands at 100 until a test says otherwise."""

    folder: Path
    rows: dict[str, dict[str, tuple[float, float, float, float]]] = field(default_factory=dict)

    def add(self, *symbols: str, price: float = 100.0) -> None:
        days = [s.day.isoformat() for s in calendar.sessions(FIRST_BAR, LAST_BAR)]
        for symbol in symbols:
            self.rows[symbol] = dict.fromkeys(days, (price, price, price, price))
            self._write(symbol)

    def bar(self, symbol: str, day: str, open_: float, high: float, low: float, close: float) -> None:
        """One session."""
        self.rows[symbol][day] = (open_, high, low, close)
        self._write(symbol)

    def level(self, symbol: str, since: str, price: float) -> None:
        """Another level from `since` on."""
        for day in self.rows[symbol]:
            if day >= since:
                self.rows[symbol][day] = (price, price, price, price)
        self._write(symbol)

    def scale(self, symbol: str, factor: float) -> None:
        """Restate the whole history, as a vendor does after a split."""
        self.rows[symbol] = {
            d: (o * factor, h * factor, low * factor, c * factor)
            for d, (o, h, low, c) in self.rows[symbol].items()
        }
        self._write(symbol)

    def silence(self, symbol: str, since: str, until: str = "9999") -> None:
        """No bars: halted, or delisted."""
        self.rows[symbol] = {d: r for d, r in self.rows[symbol].items() if not since <= d <= until}
        self._write(symbol)

    def _write(self, symbol: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{d},{o},{h},{low},{c},1000" for d, (o, h, low, c) in sorted(self.rows[symbol].items())]
        (self.folder / f"{symbol}.csv").write_text(
            "\n".join(["date,open,high,low,close,volume", *lines]) + "\n"
        )


@dataclass(frozen=True)
class Trader:
    """The user, and what happens at the broker without the program."""

    user: User
    stocks: Stocks
    variant: str = "ema_p10"

    def report(self, day: str, *tickers: str, score: float = 80.0, price: float = 100.0) -> Path:
        """A strict report; the first ticker scores highest."""
        rows = [
            {
                "ticker": ticker,
                "grade": "A",
                "score": score - place,
                "price": price,
                "gap_size": 5.0,
                "company_name": f"{ticker} Inc",
            }
            for place, ticker in enumerate(tickers)
        ]
        return write_report(self.user.root / "reports", date.fromisoformat(day), rows)

    def generate(self, day: str, *tickers: str, at: str = "09:15", more: tuple[str, ...] = ()) -> Ran:
        """Stage 1; without tickers there is no report."""
        report = ("--report-file", str(self.report(day, *tickers))) if tickers else ()
        return self.user.generate(f"{day}T{at}", "--strategy", self.variant, *report, *more)

    def file(self, day: str) -> Path:
        return self.user.file(day, self.variant)

    def execute(self, day: str, *more: str, at: str = "09:31") -> Ran:
        return self.user.execute(f"{day}T{at}", "--signals-file", str(self.file(day)), *more)

    def place(self, day: str, at: str = "09:20") -> Ran:
        return self.execute(day, "--phase", "place", at=at)

    def poll(self, day: str, at: str) -> Ran:
        return self.execute(day, "--phase", "poll", at=at)

    def trade(self, day: str, *tickers: str) -> None:
        """Both stages after the open, which must work."""
        for ran in (self.generate(day, *tickers), self.execute(day)):
            assert ran.code == 0, ran.text

    def orders(self) -> dict[str, tuple[Any, ...]]:
        """Client order id -> (quantity, state, filled)."""
        return {row[0]: row[2:] for row in self.user.orders()}

    def positions(self) -> dict[str, int]:
        rows = self.user.rows("positions", "symbol, quantity, status")
        return {symbol: quantity for symbol, quantity, status in rows if status == "open"}

    def closed(self) -> list[tuple[Any, ...]]:
        """(symbol, exit session, exit price, reason) of closed positions."""
        rows = self.user.rows("positions", "symbol, exit_session, exit_price, exit_reason, status")
        return [
            (s, d, None if p is None else float(p), r) for s, d, p, r, status in rows if status == "closed"
        ]

    @contextlib.contextmanager
    def at(self, when: str) -> Iterator[Runtime]:
        """A runtime at an instant: ledger and broker as a person sees them then."""
        wired = Options(config=self.user.config, prices=self.stocks.folder)
        clock = SimulatedClock(datetime.fromisoformat(when).replace(tzinfo=NEW_YORK))
        with open_runtime("test", wired, asked_for(when), clock) as runtime:
            yield runtime

    def by_hand(self, when: str, side: Side, symbol: str, quantity: int) -> str:
        """A person trades at the broker's own screen; a sale first cancels what rests on the shares."""
        with self.at(when) as runtime:
            if side == "sell":
                self._cancel_stops(runtime, symbol)
            request = OrderRequest(
                client_order_id=f"by-hand-{when}-{symbol}",
                symbol=symbol,
                side=side,
                quantity=quantity,
                order_type="market",
                time_in_force="day",
            )
            order_id = runtime.broker.submit(request)
        assert order_id is not None
        return order_id

    def cancel_by_hand(self, when: str, symbol: str) -> None:
        with self.at(when) as runtime:
            self._cancel_stops(runtime, symbol)

    def split_at_broker(self, when: str, symbol: str, ratio: int) -> None:
        """The broker multiplies the shares and cancels the resting stop."""
        with self.at(when) as runtime:
            self._cancel_stops(runtime, symbol)
            broker: Any = runtime.broker
            store = broker._store
            held, average = store.positions()[symbol]
            with store.transaction():
                store.set_position(symbol, held * ratio, average / ratio)

    @staticmethod
    def _cancel_stops(runtime: Runtime, symbol: str) -> None:
        now = runtime.clock.now()
        since = datetime(2026, 1, 1, tzinfo=NEW_YORK)
        for order in runtime.broker.orders(since, now):
            if order.symbol == symbol and order.order_type == "stop" and not order.state.terminal:
                runtime.broker.cancel(order.order_id)

    def stops(self, when: str) -> dict[str, tuple[int, Decimal | None]]:
        """Stops alive at the broker: symbol -> (shares, price)."""
        with self.at(when) as runtime:
            found = runtime.broker.orders(datetime(2026, 1, 1, tzinfo=NEW_YORK), runtime.clock.now())
            alive = [o for o in found if o.order_type == "stop" and not o.state.terminal]
            assert len({o.symbol for o in alive}) == len(alive), "two stops on one symbol"
            return {o.symbol: (o.quantity, o.stop_price) for o in alive}


def new_trader(
    root: Path,
    *symbols: str,
    cash: float = 1_000_000.0,
    books: list[dict[str, Any]] | None = None,
    **parameters: Any,
) -> Trader:
    """A fresh project folder whose only book is ema_p10 (or `books`); changed parameters are frozen."""
    stocks = Stocks(root / "prices")
    stocks.add(*symbols)
    user = new_user(root / "jutsu", stocks.folder)
    user.set(books=books or [{"primary": "ema_p10", "budget_pct": 100}], paper={"initial_cash": cash})
    if parameters:
        path = user.root / "config" / "strategies" / "ema_p10.yaml"
        data = yaml.safe_load(path.read_text())
        data["strategy"]["parameters"].update(parameters)
        path.write_text(yaml.safe_dump(data))
        assert user.jutsu("config", "freeze").code == 0
    return Trader(user, stocks)
