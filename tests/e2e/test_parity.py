"""Replay through both real stages equals the backtest: decisions, orders and equity, to the cent."""

import csv
from datetime import date
from pathlib import Path

import pytest

from backtest.calendar import sessions as calendar
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.registry import find_strategy
from live.handoff.read import read
from live.ledger.tables import Order, ShadowSignal
from live.model.run import Replay
from live.replay.replay import Replayed, replay
from live.runtime.factories import make_feed
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from tests.support.paths import PROJECT

CASH = 100_000.0


def replayed(
    tmp_path: Path, start: date, end: date, prices: Path | None, config: Path
) -> tuple[Replayed, list[Order], tuple[ShadowSignal, ...], Settings]:
    first = calendar.session(start) or calendar.next_session(start)
    wired = Options(
        config=config,
        state_db=tmp_path / "ledger.db",
        output_dir=tmp_path / "signals",
        prices=prices,
        cash=CASH,
        mode="offline_mock",
    )
    with open_runtime("replay", wired, Replay(), SimulatedClock(first.open)) as runtime:
        result = replay(runtime, start=start, end=end)
        orders = [o for o in reversed(runtime.ledger.orders.recent(None)) if o.intent != "stop"]
        shadow = runtime.ledger.shadow.history("titan")
        return result, orders, shadow, runtime.settings


def compare(
    tmp_path: Path,
    start: date,
    end: date,
    prices: Path | None,
    *,
    config: Path = PROJECT / "config" / "live.yaml",
) -> int:
    """`config`: settings, with a folder `strategies` beside them."""
    result, orders, shadow_signals, settings = replayed(tmp_path, start, end, prices, config)
    assert not result.failures
    feed = make_feed(settings, PROJECT, prices=prices)
    trades_seen = 0
    for variant in ("golden", "titan"):
        strategy = find_strategy(variant, config.parent / "strategies")
        symbols = {*strategy.signal_symbols, *strategy.tradable_symbols}
        at = calendar.session(end) or calendar.previous_session(end)
        history = feed.history(sorted(symbols), at.close)
        backtest = simulate(
            strategy, dict(history), start=start, end=end, cash=CASH, rules=settings.execution
        )
        expected = [
            (day.item().isoformat(), f"{equity:.2f}")
            for day, equity in zip(backtest.dates, backtest.equity, strict=True)
        ]
        assert read_equity(tmp_path / "signals" / f"equity_{variant}.csv") == expected
        want = [
            (t.session, t.symbol, t.side, t.intent, t.quantity, round(t.fill_price, 6))
            for t in backtest.trades
        ]
        if variant == "golden":
            got = [
                (o.session, o.symbol, o.side, o.intent, o.filled_quantity, float(o.average_price))
                for o in orders
                if o.filled_quantity and o.average_price is not None
            ]
        else:
            got = [
                (signal.session, f["symbol"], f["side"], f["intent"], f["quantity"], f["price"])
                for signal in shadow_signals
                for f in signal.fills["executed"]
            ]
        assert got == want
        trades_seen += len(want)
        for decision in backtest.decisions:
            session = decision.decided_on
            _, data = read(tmp_path / "signals" / f"trade_signals_{session}_{variant}.json")
            assert data["decision"]["diagnostics"] == decision.diagnostics
            assert data["decision"]["rebalance"] == decision.rebalance
    return trades_seen


def read_equity(path: Path) -> list[tuple[str, str]]:
    with path.open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["date", "equity"]
    return [(day, equity) for day, equity in rows[1:]]


def test_replay_of_the_demo_market_equals_the_backtest(tmp_path: Path) -> None:
    trades = compare(tmp_path, date(2024, 1, 2), date(2024, 9, 30), None)
    assert trades > 20, "a stretch without trades proves nothing"


@pytest.mark.shared
@pytest.mark.long
def test_replay_of_ten_years_equals_the_backtest(tmp_path: Path, shared_data: Path) -> None:
    trades = compare(tmp_path, date(2010, 2, 11), date(2021, 12, 31), shared_data / "daily")
    assert trades > 500
