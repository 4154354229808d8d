"""`jutsu panic`: cancel everything, sell what the books own, under the ids everybody uses."""

from dataclasses import replace

import pytest

from live.execution import panic
from tests.support.exec_world import DAY, order, signal, world
from tests.support.paths import PROJECT


@pytest.fixture
def made(tmp_path):
    return world(tmp_path)


def sells_after_panic(made, **changes):
    made.write(signal([order("AAA", "entry", 100, 100.0, stop=90.0, rank=1.0)]))
    made.executor()
    runtime = replace(made.open(), **changes)
    panic.close_everything(runtime)
    rows = made.ledger.orders.of_session(DAY, "golden")
    return [row.client_order_id for row in rows if row.reason == "panic"]


def test_the_shipped_books_give_panic_the_ids_of_the_executor(made):
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "ema_p10", "run": "on_request"}]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == ["20250305_AAA_exit_sell"]


def test_two_daily_books_give_prefixed_ids(made):
    made.overrides["books"] = [
        {"primary": "golden", "budget_pct": 50},
        {"primary": "ema_p10", "budget_pct": 50},
    ]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == [
        "golden_20250305_AAA_exit_sell"
    ]


def test_panic_sells_although_a_strategy_file_cannot_be_read(made, tmp_path):
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "gone", "run": "on_request"}]
    assert sells_after_panic(made, strategies=tmp_path / "nowhere") == ["golden_20250305_AAA_exit_sell"]
    assert made.holdings().get("AAA", 0) == 0
