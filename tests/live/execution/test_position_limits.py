"""Places in the book and entries a day, counted on what the broker's fills made of it."""

from typing import Any

import pytest

from tests.support.exec_world import (
    NEXT_DAY,
    StubStrategy,
    bought,
    enter,
    next_order,
    order,
    run_detail,
    tomorrow,
)
from tests.support.exec_world import signal as signal_of


def limited(**limits: Any) -> StubStrategy:
    return StubStrategy(parameters={"stop_loss_pct": 10.0, **limits})


ENTRIES = [order("AAA", "entry", 10, 100.0, rank=2.0), order("BBB", "entry", 10, 50.0, rank=1.0)]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_positions": 1}, "no free place: 1 of 1 positions (max_positions)"),
        ({"daily_entry_limit": 1}, "1 entries today already (daily_entry_limit)"),
    ],
)
def test_the_better_entry_takes_the_last_place(made: Any, limits: dict[str, int], words: str) -> None:
    strategy = limited(**limits)
    made.write(signal_of(ENTRIES, strategy=strategy))
    made.executor(strategy=strategy)
    assert bought(made) == {"AAA_entry_buy": 10}
    assert run_detail(made)["warnings"] == [f"20250305_BBB_entry_buy: not sent: {words}"]


@pytest.mark.parametrize("limits", [{}, {"max_positions": 2}, {"daily_entry_limit": 2}])
def test_entries_inside_the_limits_all_go(made: Any, limits: dict[Any, Any]) -> None:
    strategy = limited(**limits)
    made.write(signal_of(ENTRIES, strategy=strategy))
    made.executor(strategy=strategy)
    assert bought(made) == {"AAA_entry_buy": 10, "BBB_entry_buy": 10}


def test_a_place_is_free_once_its_sell_has_filled(made: Any) -> None:
    enter(made, order("AAA", "entry", 10, 100.0, rank=1.0))
    strategy = limited(max_positions=1)
    orders = [next_order("AAA", "exit", 10, 100.0), next_order("BBB", "entry", 10, 50.0, rank=1.0)]
    tomorrow(made, orders, positions={"AAA": 10}, strategy=strategy)
    made.executor(strategy=strategy)
    assert made.ledger.positions.shares("golden") == {"BBB": 10}
    assert run_detail(made, NEXT_DAY)["warnings"] == []
