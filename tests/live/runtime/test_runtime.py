"""What a run works with: which day it is about, and when a past day's clock moves to its window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backtest.calendar import sessions as calendar
from live.feeds.stored_bars import demo_feed
from live.model.run import DAILY, AsOf, PastSession
from live.runtime.runtime import Runtime
from live.system.clock import SystemClock
from tests.support.exec_world import AT, DAY, world

PAST = date(2025, 2, 3)


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return world(tmp_path).open()


def window(day: date = PAST) -> calendar.ExecutionWindow:
    session = calendar.session(day)
    assert session is not None
    return calendar.window(session, "15min_before_close")


def test_today_is_new_yorks_day_or_the_one_that_was_named(runtime: Runtime) -> None:
    assert runtime.today() == runtime.context.today() == DAY
    runtime.clock.set(datetime(2025, 3, 6, 3, 0, tzinfo=UTC))  # type: ignore[attr-defined]  # still the evening before
    assert runtime.today() == DAY
    past = replace(runtime, run=PastSession(AsOf(PAST, None)))
    assert past.today() == past.context.today() == PAST


def test_recorded_actions_lie_in_the_store_but_of_the_demo_market(runtime: Runtime) -> None:
    assert runtime.context.bar_store == runtime.loaded.root / runtime.settings.data.store
    assert replace(runtime, feed=demo_feed(1)).context.bar_store is None


def test_only_a_day_without_a_time_moves_the_clock_to_its_window(runtime: Runtime) -> None:
    day_only = replace(runtime, run=PastSession(AsOf(PAST, None)))
    day_and_time = replace(runtime, run=PastSession(AsOf(PAST, AT - timedelta(days=30))))
    assert (day_only.waits_for_window, day_and_time.waits_for_window, runtime.waits_for_window) == (
        True,
        False,
        False,
    )
    for still in (day_and_time, replace(runtime, run=DAILY)):
        still.arrive(window())
        assert still.clock.now() == AT
    day_only.arrive(window())
    assert day_only.clock.now() == window().opens_at


def test_the_clock_of_the_world_is_never_moved(runtime: Runtime) -> None:
    real = replace(runtime, run=PastSession(AsOf(PAST, None)), clock=SystemClock())
    before = real.clock.now()
    real.arrive(window())
    assert real.clock.now() >= before


def test_prices_that_were_named_are_where_bars_come_from(runtime: Runtime, tmp_path: Path) -> None:
    assert runtime.data_source == runtime.settings.data.source
    assert replace(runtime, prices=tmp_path).data_source == f"prices:{tmp_path.absolute()}"


def test_steps_without_a_broker_share_ledger_clock_and_settings(runtime: Runtime) -> None:
    part = runtime.context
    assert (part.ledger, part.clock, part.settings) == (runtime.ledger, runtime.clock, runtime.settings)
