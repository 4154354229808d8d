"""`jutsu panic`: cancel everything, sell what the books own, under the ids everybody uses."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from backtest.core.errors import (
    BrokerError,
)
from live.execution import panic
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    Wrapped,
    enter,
    order,
    signal,
)
from tests.support.paths import PROJECT


def sells_after_panic(made: Any, **changes: Any) -> Any:
    made.write(signal([order("AAA", "entry", 100, 100.0, stop=90.0, rank=1.0)]))
    made.executor()
    runtime = replace(made.open(), **changes)
    panic.close_everything(runtime)
    rows = made.ledger.orders.of_session(DAY, "golden")
    return [row.client_order_id for row in rows if row.reason == "panic"]


def test_the_shipped_books_give_panic_the_ids_of_the_executor(made: Any) -> None:
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "ema_p10", "run": "on_request"}]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == ["20250305_AAA_exit_sell"]


def test_two_daily_books_give_prefixed_ids(made: Any) -> None:
    made.overrides["books"] = [
        {"primary": "golden", "budget_pct": 50},
        {"primary": "ema_p10", "budget_pct": 50},
    ]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == [
        "golden_20250305_AAA_exit_sell"
    ]


def test_panic_sells_although_a_strategy_file_cannot_be_read(made: Any, tmp_path: Path) -> None:
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "gone", "run": "on_request"}]
    assert sells_after_panic(made, strategies=tmp_path / "nowhere") == ["golden_20250305_AAA_exit_sell"]
    assert made.holdings().get("AAA", 0) == 0


def test_panic_closes_everything_in_spite_of_the_kill_switch(made: Any) -> None:
    enter(made, ENTRY, order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0))
    made.ledger.state.set_kill("all", reason="test", by="test", at=made.clock.now())
    result = panic.close_everything(made.open())
    assert result.problems == []
    assert len(result.cancelled) == 2
    assert made.broker.account().shares() == {} == made.ledger.positions.shares()
    assert made.ledger.state.kill_level() == "all"
    assert all(o.state.terminal for o in made.broker.orders(AT, AT + timedelta(hours=1)))


def test_panic_sets_the_switch_although_the_broker_fails(made: Any) -> None:
    enter(made)

    class Broken:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: Any) -> Any:
            return getattr(self.inner, name)

        def orders(self, since: Any, until: Any) -> None:
            raise BrokerError("503")

        def cancel(self, order_id: Any) -> None:
            raise BrokerError("503")

    made.wrap = Broken
    result = panic.close_everything(made.open())
    assert result.problems
    assert made.ledger.state.kill_level() == "all"


def test_panic_stops_everything_else_before_it_begins(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.executor()
    runtime = made.open()
    seen = []

    def submit(inner: Any, request: Any) -> Any:
        seen.append(runtime.ledger.state.kill_level())
        return inner.submit(request)

    panic.close_everything(replace(runtime, broker=Wrapped(runtime.broker, submit=submit)))
    assert seen == ["all"]
