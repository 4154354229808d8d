"""What a look at panic says is what panic then does, and the look itself does nothing."""

from datetime import timedelta
from typing import Any

import pytest

from live.execution.panic_look import PanicLook, look
from tests.support.exec_world import AT, ENTRY, by_hand, enter, order, panic_in, states


def orders_at(made: Any) -> Any:
    return made.broker.orders(AT, AT + timedelta(hours=1))


def first_word(lines: Any) -> set[str]:
    return {text.split()[0].rstrip(":") for text in lines}


@pytest.mark.parametrize("everything", [False, True])
def test_panic_does_what_the_look_said(made: Any, everything: bool) -> None:
    enter(made, ENTRY, order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0))
    by_hand(made, "CCC", "buy", 5)
    runtime = made.open()
    orders, rows = orders_at(made), states(made)
    seen = look(runtime.context, runtime.broker, everything=everything)
    assert orders_at(made) == orders
    assert states(made) == rows
    assert runtime.ledger.state.kill_level() == "none"
    done = panic_in(made.open(), everything=everything)
    assert first_word(seen.closed) == first_word(done.closed)
    assert first_word(seen.left) == first_word(done.left)
    assert all("its stop ends" in text for text in seen.closed if text.startswith(("AAA", "BBB")))


def test_less_is_sold_where_the_broker_holds_less(made: Any) -> None:
    enter(made, order("AAA", "entry", 70, 100.0))
    by_hand(made, "AAA", "sell", 20)
    runtime = made.open()
    (line,) = look(runtime.context, runtime.broker).closed
    assert line.startswith("AAA: 50 shares")


def test_nothing_is_nothing(made: Any) -> None:
    runtime = made.open()
    assert look(runtime.context, runtime.broker) == PanicLook((), (), ())
