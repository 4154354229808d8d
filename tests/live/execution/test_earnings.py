"""The reference scripts of the earnings executor, translated: same orders, our ids, stops from the fill.

Where ours differs on purpose the case says so: a stop follows its fill, a second run asks the broker for
nothing, and an entry that cash cannot fully pay is cut, not dropped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerRefused, JutsuError
from live import executor
from live.books.variants import BookVariant
from live.brokers.paper.broker import PaperBroker
from live.model.broker import Account, OrderRequest
from live.model.run import Daily, DryRun
from live.system.clock import SimulatedClock
from tests.support.exec_world import NEW_YORK, ScriptedFeed, StubStrategy, World, order, signal

DAY, BOUGHT = date(2026, 2, 17), date(2026, 1, 5)
pytestmark = pytest.mark.shared


class Scripted:
    """The paper broker, refusing what the script refuses, with every call that changes something."""

    def __init__(self, inner: PaperBroker, script: dict[str, Any]) -> None:
        self._inner, self._script = inner, script
        self.calls: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def submit(self, request: OrderRequest) -> str | None:
        op = "stop" if request.order_type == "stop" else "market"
        op = "buy_with_stop" if request.attached_stop is not None else op
        stop = request.attached_stop or request.stop_price
        self.calls.append((op, request.side, request.symbol, request.quantity, request.time_in_force, stop))
        if op == "buy_with_stop" and self._script.get("bracket") == "rejected":
            raise BrokerRefused("no such order class", where=request.symbol)
        if op == "stop" and self._script.get("stop_fails"):
            raise BrokerRefused("no stops today", where=request.symbol)
        return self._inner.submit(request)

    def cancel(self, order_id: str) -> None:
        self.calls.append(("cancel", self._inner.order(order_id).symbol))
        self._inner.cancel(order_id)

    def account(self) -> Account:
        shown = self._inner.account()
        limit = self._script.get("buying_power")
        return shown if limit is None else replace(shown, buying_power=Decimal(str(limit)))


def instant(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)


class Case:
    """One script with its book already bought at 100, stops at 90."""

    def __init__(self, folder: Path, reference: dict[str, Any]) -> None:
        self.script, self.want = reference["scenario"], reference["expected"]
        parameters = {"stop_loss_pct": 10.0, **self.script.get("cfg", {})}
        symbols = ("AAA", "BBB", "CCC")
        self.strategy = StubStrategy(
            name="earnings_swing",
            variant="ema_p10",
            execution_time="open",
            parameters=parameters,
            signal_symbols=symbols,
            tradable_symbols=symbols,
        )
        feed = ScriptedFeed(prices=dict.fromkeys(symbols, 100.0))
        self.world = World(folder, feed, SimulatedClock(instant(BOUGHT, "09:31")))
        self.world.overrides = {"books": [{"primary": "ema_p10"}]}
        self.calls: list[Any] = []
        book = self.script.get("book", [])
        if book:
            bought = [order(s, "entry", 100, 100.0, stop=90.0, day=BOUGHT) for s in book]
            self.world.write(signal(bought, day=BOUGHT, strategy=self.strategy))
            self.run()
        self.world.clock.set(instant(DAY, "09:31"))
        feed.prices |= self.script.get("px", {})
        self.world.wrap = self._wrapped
        exits = [
            order(e["ticker"], "exit", e["qty"], 100.0, day=DAY) | {"reason": e["reason"]}
            for e in self.script.get("exits", [])
        ]
        entries = [
            order(e["ticker"], "entry", e["qty"], 100.0, stop=e["stop_price"], rank=-n, day=DAY)
            for n, e in enumerate(self.script.get("entries", []))
        ]
        held = dict.fromkeys(book, 100)
        self.world.write(signal([*exits, *entries], day=DAY, positions=held, strategy=self.strategy))

    def _wrapped(self, broker: PaperBroker) -> Scripted:
        made = Scripted(broker, self.script)
        self.calls = made.calls
        return made

    def run(self, *, dry: bool = False, **request: Any) -> int:
        runtime = replace(self.world.open(), run=DryRun() if dry else Daily())
        variants = (BookVariant(self.strategy, "primary", "ema_p10"),)
        return executor.run(runtime, executor.ExecutorRequest(variants=variants, quiet=True, **request))

    def wanted_calls(self) -> Counter[Any]:
        """The script's calls; stops are the fill's, in ours."""
        found: Counter[Any] = Counter()
        for call in self.want["broker_calls"]:
            if call["op"] == "cancel":
                found["cancel", call["id"].removeprefix("stop_")] += 1
                continue
            price = Decimal(str(self.script.get("px", {}).get(call["symbol"], 100.0)))
            stop = None if "stop_price" not in call else (price * Decimal("0.9")).quantize(Decimal("0.01"))
            found[call["op"], call["side"], call["symbol"], call["qty"], call["tif"], stop] += 1
        return found

    def positions(self) -> list[tuple[Any, ...]]:
        ledger = self.world.open().ledger.positions
        rows = [*ledger.open_positions(), *ledger.closed()]
        return sorted(
            (
                row.symbol,
                row.entry_session.isoformat(),
                float(row.entry_price),
                None if row.exit_session is None else row.exit_session.isoformat(),
                None if row.exit_price is None else float(row.exit_price),
                row.exit_reason,
                float(row.realised_pnl) if row.exit_session else None,
                row.entry_quantity,
            )
            for row in rows
        )

    def wanted_positions(self) -> list[tuple[Any, ...]]:
        names = ("ticker", "entry_date", "entry_price", "exit_date", "exit_price", "exit_reason", "pnl")
        return sorted((*(row[n] for n in names), row["actual_shares"]) for row in self.want["positions"])


@pytest.fixture
def case(tmp_path: Path, shared_data: Path) -> Callable[[str], Case]:
    cases = json.loads((shared_data / "reference" / "earnings_executor_dev.json").read_text())["cases"]
    return lambda name: Case(tmp_path, cases[name])


@pytest.mark.parametrize(
    "name", ["exit_then_entry_bracket", "bracket_rejected_fallback", "fallback_stop_fails_kill_switch"]
)
def test_calls_positions_and_kill_switch(case: Callable[[str], Case], name: str) -> None:
    played = case(name)
    assert played.run() == 0
    assert Counter(played.calls) == played.wanted_calls()
    assert played.positions() == played.wanted_positions()
    runtime = played.world.open()
    assert (runtime.ledger.state.kill_level() == "entries") is played.want["kill_switch"]
    stopped = [row for row in runtime.ledger.positions.open_positions() if row.stop_broker_order_id]
    expected = [row for row in played.want["positions"] if row["stop_order_id"] and row["exit_date"] is None]
    assert [row.symbol for row in stopped] == [row["ticker"] for row in expected]


def test_the_stop_is_cancelled_before_its_position_is_sold_and_sells_precede_buys(
    case: Callable[[str], Case],
) -> None:
    played = case("exit_then_entry_bracket")
    played.run()
    assert [call[:3] for call in played.calls] == [
        ("cancel", "AAA"),
        ("market", "sell", "AAA"),
        ("buy_with_stop", "buy", "BBB"),
    ]


def test_a_second_run_asks_for_nothing(case: Callable[[str], Case]) -> None:
    played = case("rerun_is_idempotent")
    played.run()
    # the original cancels once more on the way; a finished file is left alone here
    assert Counter(played.calls) == played.wanted_calls() - Counter([("cancel", "AAA")])
    played.run()
    assert played.calls == []
    assert played.positions() == played.wanted_positions()


def test_the_recount_blocks_an_entry_without_a_place(case: Callable[[str], Case]) -> None:
    played = case("recount_blocks_entries")
    assert played.run() == 0
    assert played.calls == []
    assert played.positions() == played.wanted_positions()


def test_buying_power_is_never_exceeded(case: Callable[[str], Case]) -> None:
    played = case("low_buying_power")
    assert played.run() == 0
    ((_, _, symbol, quantity, _, _),) = played.calls
    assert (symbol, quantity) == (
        "BBB",
        49,
    )  # the original buys nothing below 5,000; ours buys what it can pay


def test_after_the_cutoff_the_poll_still_sells_and_does_not_buy(case: Callable[[str], Case]) -> None:
    played = case("entry_cutoff_late")
    played.world.clock.set(instant(DAY, "09:36"))
    assert played.run(phase="poll") == 0
    assert Counter(played.calls) == played.wanted_calls()
    assert played.positions() == played.wanted_positions()


def test_the_persons_kill_switch_and_a_dry_run_touch_nothing(case: Callable[[str], Case]) -> None:
    played = case("kill_switch_on")
    played.run(dry=True)
    assert played.calls == []
    ledger = played.world.open().ledger
    ledger.state.set_kill("all", reason="stop", by="test", at=played.world.clock.now())
    with pytest.raises(JutsuError) as refused:
        played.run()
    assert refused.value.exit_code == 3
    assert played.calls == []
    assert played.positions() == played.wanted_positions()
