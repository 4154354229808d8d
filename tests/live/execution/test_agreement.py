"""A cancel that is confirmed before its last fill is counted never leads to too many or too few shares."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backtest.core.errors import DisagreementError
from live.model.broker import OrderState
from tests.support.exec_world import (
    AT,
    ENTRY,
    NEXT_DAY,
    OTHER,
    Wrapped,
    enter,
    next_order,
    outcome,
    signal,
    tomorrow,
)


class Late:
    """A paper broker whose order fills `real` shares, ends when it is cancelled, and shows `shown` at first.

    `until` are the seconds after the cancel from which the truth is shown; None: never.
    """

    def __init__(self, made: Any, *, order_type: Any, real: Any, shown: Any, until: Any) -> None:
        self.made, self.order_type, self.real, self.shown_quantity, self.until = (
            made,
            order_type,
            real,
            shown,
            until,
        )
        self.first = None
        self.cancelled: datetime | None = None
        made.wrap = lambda broker: Wrapped(broker, submit=self.submit, order=self.order, cancel=self.cancel)

    def submit(self, inner: Any, request: Any) -> Any:
        if request.order_type != self.order_type or self.first is not None:
            return inner.submit(request)
        self.first = inner.submit(replace(request, quantity=self.real, attached_stop=None))
        self.wanted = request.quantity
        return self.first

    def cancel(self, inner: Any, order_id: Any) -> Any:
        if order_id != self.first:
            inner.cancel(order_id)
        else:
            self.cancelled = self.cancelled or self.made.clock.now()

    def order(self, inner: Any, order_id: Any) -> Any:
        found = inner.order(order_id)
        if order_id != self.first:
            return found
        truth = False
        if self.cancelled is not None and self.until is not None:
            truth = self.made.clock.now() >= self.cancelled + timedelta(seconds=self.until)
        filled = self.real if truth else self.shown_quantity
        share = tuple(
            replace(e, execution_id=f"{e.execution_id}a", quantity=self.shown_quantity)
            for e in found.executions
        )
        rest = tuple(
            replace(e, execution_id=f"{e.execution_id}b", quantity=self.real - self.shown_quantity)
            for e in found.executions
        )
        executions = (share if self.shown_quantity else ()) + (rest if truth else ())
        return replace(
            found,
            quantity=self.wanted,
            filled_quantity=filled,
            state=OrderState.CANCELED if self.cancelled else OrderState.PARTIAL,
            executions=executions,
        )


def stops(made: Any) -> Any:
    listed = made.broker.orders(AT - timedelta(days=1), AT + timedelta(days=3))
    return {o.symbol: o.quantity for o in listed if o.order_type == "stop" and not o.state.terminal}


@pytest.mark.parametrize("seconds", [3, 7, 13])
def test_a_buy_that_filled_more_than_its_cancel_said_is_not_bought_again(made: Any, seconds: Any) -> None:
    made.attached = False
    made.write(signal([ENTRY]))
    Late(made, order_type="market", real=80, shown=50, until=seconds)
    assert made.executor() == 0
    assert made.holdings() == {"AAA": 100} == made.ledger.positions.shares()
    assert stops(made) == {"AAA": 100}


def test_a_difference_that_stays_stops_the_run_before_more_is_sent(made: Any) -> None:
    made.attached = False
    made.write(signal([ENTRY]))
    late = Late(made, order_type="market", real=80, shown=50, until=None)
    with pytest.raises(DisagreementError, match="AAA ledger 50, broker 80"):
        made.executor()
    assert made.holdings() == {"AAA": 80}
    with pytest.raises(DisagreementError):  # and no later start calls it done
        made.executor()
    late.until = 0.001  # the broker has counted
    assert made.executor() == 0
    assert made.holdings() == {"AAA": 100} == made.ledger.positions.shares()
    assert stops(made) == {"AAA": 100}


def test_a_fill_counted_after_a_finished_run_is_found_by_the_next_start(made: Any) -> None:
    made.attached = False
    made.overrides = {"polling": {"retries": 0}}
    made.write(signal([ENTRY]))
    late = Late(made, order_type="market", real=80, shown=50, until=None)
    account = made.wrap

    def hidden(broker: Any) -> Any:  # positions lag as well, so the first run sees no difference
        wrapped = account(broker)

        class Lagging:
            def __getattr__(self, name: Any) -> Any:
                return getattr(wrapped, name)

            def account(self) -> Any:
                found = broker.account()
                if late.until is not None or not found.holdings:
                    return found
                held = tuple(replace(h, quantity=h.quantity - 30) for h in found.holdings)
                return replace(found, holdings=held, cash=found.cash + 3000)

        return Lagging()

    made.wrap = hidden
    assert made.executor() == 0
    assert stops(made) == {"AAA": 50}
    late.until = 0.001
    assert made.executor() == 0
    assert made.ledger.positions.shares() == {"AAA": 80}
    assert stops(made) == {"AAA": 80}


def test_a_stop_that_sold_more_than_its_cancel_said_leaves_no_share_unsold(made: Any) -> None:
    made.attached = False
    made.write(signal([ENTRY]))
    made.executor()
    stop = made.ledger.positions.get("golden", "AAA").stop_broker_order_id
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    sold: list[Any] = []

    def cancel(inner: Any, order_id: Any) -> Any:
        inner.cancel(order_id)
        if order_id == stop and not sold:  # 40 went in the same moment
            from live.model.broker import OrderRequest

            sold.append(inner.submit(OrderRequest("in_the_same_moment", "AAA", "sell", 40)))

    def shown(inner: Any, order_id: Any) -> Any:
        found = inner.order(order_id)
        if order_id != stop or not sold or made.clock.now() < AT + timedelta(days=1, seconds=4):
            return found
        (fill,) = inner.order(sold[0]).executions
        return replace(found, filled_quantity=40, executions=(replace(fill, order_id=stop),))

    made.wrap = lambda broker: Wrapped(broker, cancel=cancel, order=shown)
    assert made.executor() == 0
    assert made.holdings() == {} == made.ledger.positions.shares()


def test_a_sale_that_fills_while_the_next_stop_is_cancelled_is_no_difference(made: Any) -> None:
    """The first exit fills in the instant before the second one's account is compared."""
    enter(made, ENTRY, OTHER)
    made.fault = "slow"

    def cancel(inner: Any, order_id: Any) -> None:
        inner.cancel(order_id)
        if inner.order(order_id).symbol == "BBB":
            made.clock.sleep(21)  # AAA's exit is filled now, and nobody has looked

    made.wrap = lambda broker: Wrapped(broker, cancel=cancel)
    exits = [next_order("AAA", "exit", 100, 100.0), next_order("BBB", "exit", 10, 50.0)]
    tomorrow(made, exits, positions={"AAA": 100, "BBB": 10}, cash=89_500.0)
    assert made.executor() == 0
    assert made.holdings() == {} == made.ledger.positions.shares()
    assert outcome(made, NEXT_DAY) == "completed"
