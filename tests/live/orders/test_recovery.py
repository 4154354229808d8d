"""Orders that an earlier run left unfinished."""

from dataclasses import replace
from typing import Any

from live.model.broker import OrderState
from live.model.order_state import JournalState
from tests.support.exec_world import AT, ENTRY, NEXT_DAY, Wrapped, run_detail, signal


def test_a_buy_that_outlived_its_session_is_cancelled_not_filled_on_another_day(made: Any) -> None:
    made.fault = "never"
    cancelled = []

    def shown(inner: Any, order_id: Any) -> Any:
        found = inner.order(order_id)
        return found if order_id in cancelled else replace(found, state=OrderState.WORKING)

    def cancel(inner: Any, order_id: Any) -> None:
        cancelled.append(order_id)

    made.wrap = lambda broker: Wrapped(broker, order=shown, cancel=cancel)
    made.write(signal([{**ENTRY, "order_type": "market"}]))
    made.clock.set(AT.replace(hour=9, minute=0))
    made.executor(phase="place")
    (entry,) = made.ledger.orders.recent(50)
    assert (entry.side, JournalState(entry.state).terminal) == ("buy", False)
    made.clock.set(AT.replace(day=NEXT_DAY.day))
    made.write(signal([], day=NEXT_DAY))
    made.executor()
    assert cancelled == [entry.broker_order_id]
    assert any("still lived after its session" in text for text in run_detail(made, NEXT_DAY)["warnings"])
