"""An interrupted run names the orders that are still under way, and a waiting stop is none."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.calendar.sessions import previous_session
from backtest.core.errors import Terminated
from live.ledger.ledger import OrderPlan
from live.model.order_state import JournalState
from live.model.run import DryRun
from live.runtime.interrupted import naming_orders
from live.runtime.lifecycle import guarded
from live.runtime.runtime import Runtime
from tests.support.review_world import DAY, NOW
from tests.support.runtimes import runtime_in

S = JournalState
CLEAN = "interrupted: nothing half-done is left behind; run the same command again\n"
AGAIN = ": run the same command again\n"
BEFORE = previous_session(DAY).day


def ordered(world: Runtime, name: str, *states: JournalState, intent: str = "entry", day: date = DAY) -> None:
    world.ledger.orders.plan(
        OrderPlan(name, "golden", day, "offline_mock", "QQQ", "buy", intent, quantity=3), at=NOW
    )
    for state in states:
        world.ledger.orders.transition(name, state, at=NOW)


def output_of(world: Runtime, error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    def body() -> int:
        with naming_orders(world.context):
            raise error

    return guarded(body, lambda: None), capsys.readouterr().err


@pytest.mark.parametrize(
    "state", [S.SENDING, S.UNKNOWN, S.ACKED, S.WORKING, S.PARTIAL, S.CANCEL_PENDING, S.UNKNOWN_LIVE]
)
def test_an_order_under_way_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, state: JournalState
) -> None:
    world = runtime_in(tmp_path, NOW)
    ordered(world, "one", *dict.fromkeys((S.SENDING, state)))
    line = f"interrupted: an order is still under way (one){AGAIN}"
    assert output_of(world, KeyboardInterrupt(), capsys) == (130, line)
    assert line.strip() in caplog.text


def test_several_are_named_and_sigterm_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = runtime_in(tmp_path, NOW)
    ordered(world, "one", S.SENDING, S.WORKING)
    ordered(world, "stop", S.SENDING, S.WORKING, S.CANCEL_PENDING, intent="stop")
    ordered(world, "old", S.SENDING, S.UNKNOWN, day=BEFORE)
    line = f"interrupted by SIGTERM: orders are still under way (one, stop, old){AGAIN}"
    assert output_of(world, Terminated(), capsys) == (143, line)


def test_what_is_done_waits_or_was_not_sent_is_not_under_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = runtime_in(tmp_path, NOW)
    ordered(world, "filled", S.SENDING, S.FILLED)
    ordered(world, "planned")
    ordered(world, "stop", S.SENDING, S.WORKING, intent="stop")
    ordered(world, "old_stop", S.SENDING, S.WORKING, intent="stop", day=BEFORE)
    assert output_of(world, KeyboardInterrupt(), capsys) == (130, CLEAN)


def test_a_position_that_waits_for_its_stop_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = runtime_in(tmp_path, NOW)
    ordered(world, "filled", S.SENDING, S.FILLED)
    bought = world.ledger.positions.buy(
        "golden", "QQQ", 3, Decimal(100), session=DAY, mode="offline_mock", at=NOW
    )
    world.ledger.positions.set_stop(bought.id, needs_stop=True, stop_price=Decimal(90))
    line = f"interrupted: no stop is placed yet (QQQ){AGAIN}"
    assert output_of(world, KeyboardInterrupt(), capsys) == (130, line)
    ordered(world, "stop", S.SENDING, S.WORKING, intent="stop")
    assert output_of(world, KeyboardInterrupt(), capsys) == (130, CLEAN)


def test_a_dry_run_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = runtime_in(tmp_path, NOW, run=DryRun())
    ordered(world, "one", S.SENDING)
    assert output_of(world, KeyboardInterrupt(), capsys) == (130, CLEAN)
