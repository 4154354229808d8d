"""Nothing leaves after its window, kill switch or approval, however long the requests before it took."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from live.execution.verdict import OrdersMissed
from live.system.clock import SimulatedClock
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    NEW_YORK,
    OTHER,
    Wrapped,
    bought,
    enter,
    next_order,
    order,
    outcome,
    run_detail,
    signal,
    states,
    tomorrow,
)

END = datetime(2025, 3, 5, 15, 55, tzinfo=NEW_YORK)


class TwoClocks(SimulatedClock):
    """A clock whose wall time can be set while its monotonic time goes on, and the other way round."""

    def __init__(self, at: Any) -> None:
        super().__init__(at)
        self.apart = timedelta(0)

    def now(self) -> Any:
        return super().now() + self.apart


@pytest.fixture
def slow(made: Any) -> Any:
    """The paper broker without client ids; `made.during` happens while it lists its orders."""
    made.honours_client_id = False
    made.clock = TwoClocks(AT)
    made.during = lambda: None

    def orders(inner: Any, since: Any, until: Any) -> Any:
        if until - since < timedelta(days=2):  # the read before an order, not the look at unknown ones
            made.during()
        return inner.orders(since, until)

    made.wrap = lambda broker: Wrapped(broker, orders=orders)
    return made


def only_once(action: Any) -> Any:
    """Return the action, done at the first call only."""
    done: list[bool] = []

    def act() -> Any:
        if not done:
            done.append(True)
            action()

    return act


def test_a_list_reply_of_18_seconds_at_the_end_of_the_window_sends_nothing(slow: Any) -> None:
    slow.clock.set(END - timedelta(seconds=5))
    slow.write(signal([ENTRY]))
    slow.during = lambda: slow.clock.sleep(18.0)
    slow.executor()
    assert slow.holdings() == {}
    assert states(slow) == [("AAA_entry_buy", "PLANNED", 0)]
    assert outcome(slow) == "gated"


def test_a_machine_suspended_between_the_reads_and_the_request_buys_nothing_next_morning(slow: Any) -> None:
    slow.write(signal([ENTRY]))
    slow.during = only_once(lambda: slow.clock.set(datetime(2025, 3, 6, 10, 30, tzinfo=NEW_YORK)))
    slow.executor()
    assert slow.holdings() == {}
    assert states(slow) == [("AAA_entry_buy", "PLANNED", 0)]


@pytest.mark.parametrize("hours", [19, -19, 0.02], ids=["slept", "set back", "slept a minute"])
def test_either_clock_alone_stops_a_buy(slow: Any, hours: Any) -> None:
    def jump() -> Any:
        slow.clock.apart = timedelta(hours=hours)

    slow.write(signal([ENTRY]))
    slow.during = only_once(jump)
    slow.executor()
    assert states(slow) == [("AAA_entry_buy", "PLANNED", 0)]


def test_a_wall_clock_that_stands_still_does_not_keep_the_window_open(slow: Any) -> None:
    def stands() -> Any:
        slow.clock.sleep(3600.0)
        slow.clock.apart = -timedelta(hours=1)

    enter(slow, order("AAA", "entry", 100, 100.0))
    tomorrow(slow, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    slow.during = only_once(stands)
    with pytest.raises(OrdersMissed, match="AAA"):
        slow.executor()
    assert slow.holdings() == {"AAA": 100}


def test_a_short_sleep_inside_the_window_does_not_hold_an_exit(slow: Any) -> None:
    def jump() -> Any:
        slow.clock.apart = timedelta(minutes=2)

    enter(slow, order("AAA", "entry", 100, 100.0))
    tomorrow(slow, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    slow.during = only_once(jump)
    assert slow.executor() == 0
    assert slow.holdings() == {}


@pytest.mark.parametrize("level", ["entries", "all"])
def test_kill_takes_effect_between_the_reads_and_the_request(slow: Any, level: Any) -> None:
    slow.write(signal([ENTRY, OTHER]))
    slow.during = only_once(
        lambda: slow.ledger.state.set_kill(level, reason="stop", by="test", at=slow.clock.now())
    )
    slow.executor()
    assert slow.holdings() == {}
    assert all(state == "PLANNED" for _, state, _ in states(slow))


def test_a_file_skipped_meanwhile_sends_nothing_more(slow: Any) -> None:
    slow.write(signal([ENTRY]))

    def skip() -> Any:
        slow.ledger.signals.answer(DAY, "golden", "skip")

    slow.during = only_once(skip)
    slow.executor()
    assert slow.holdings() == {}
    assert any("approval" in text for text in run_detail(slow)["warnings"])


def test_what_went_back_is_sent_by_a_later_start_inside_the_window(slow: Any) -> None:
    slow.write(signal([ENTRY]))
    slow.during = only_once(lambda: setattr(slow.clock, "apart", timedelta(minutes=1)))
    slow.executor()
    assert slow.holdings() == {}
    assert slow.executor() == 0
    assert slow.holdings() == {"AAA": 100}
    assert bought(slow) == {"AAA_entry_buy": 100}
