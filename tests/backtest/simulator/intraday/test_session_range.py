"""A range while its session runs: its states, its window, its one break."""

from datetime import date, timedelta

from backtest.simulator.intraday.session_range import SessionRange
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY, label_of, window_of
from tests.support.orb_sessions import START

MINUTE = timedelta(minutes=1)


def one(least: int = 1) -> SessionRange:
    window = window_of(label_of("1000"), FUTURES_DAY.day(date(2024, 1, 5)), 5)
    assert window is not None
    return SessionRange(window, least)


def test_states_of_a_range_that_breaks() -> None:
    found, states = one(), []
    for n in (-1, 0, 4, 5, 6):
        found.watch(START + n * MINUTE, 10.0 + n, 9.0 - n)
        states.append(found.state)
    assert states == ["IDLE", "WATCHING", "WATCHING", "READY", "READY"]
    assert (found.bars, found.high, found.low) == (2, 14.0, 5.0)
    assert not found.breaks(START + 6 * MINUTE, 14.0)
    assert found.breaks(START + 7 * MINUTE, 14.1)
    assert not found.breaks(START + 8 * MINUTE, 4.0)  # the side is locked
    assert (found.state, found.side, found.broken_at) == ("BROKEN", 1, START + 7 * MINUTE)


def test_a_range_without_enough_bars_is_not_used() -> None:
    for least, state in ((2, "READY"), (3, "EXPIRED")):
        found = one(least)
        for n in (0, 1, 5):
            found.watch(START + n * MINUTE, 10.0, 9.0)
        assert found.state == state
    empty = one(0)
    empty.watch(START + 5 * MINUTE, 10.0, 9.0)
    assert empty.state == "EXPIRED"


def test_a_break_counts_before_the_deadline_only() -> None:
    found = one()
    found.watch(START, 10.0, 9.0)
    found.watch(START + 59 * MINUTE, 10.0, 9.0)
    assert not found.breaks(START + 60 * MINUTE, 20.0)
    assert found.state == "EXPIRED"
