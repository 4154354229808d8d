"""Every position has exactly one stop, for exactly its shares."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import (
    BrokerError,
    BrokerRefused,
)
from live.books import unknown_orders
from live.model.broker import OrderRequest
from live.orders import listing
from tests.support.exec_world import (
    AT,
    ENTRY,
    NEXT_DAY,
    OTHER,
    Wrapped,
    enter,
    live_stops,
    next_order,
    order,
    outcome,
    signal,
    states,
    tomorrow,
)


def test_a_stop_that_filled_overnight_is_booked_once_and_drops_the_sell(made: Any) -> None:
    enter(made)
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    made.feed.lows["AAA"] = 89.0
    assert made.executor() == 0
    assert made.broker.account().shares() == {} == made.ledger.positions.shares()
    assert states(made) == [("AAA_entry_buy", "FILLED", 100), ("AAA_stop_sell", "FILLED", 100)]
    (closed,) = made.ledger.positions.closed()
    assert closed.realised_pnl == Decimal(-1000)
    assert outcome(made, NEXT_DAY) == "completed"


def test_a_reduce_leaves_a_stop_for_the_rest(made: Any) -> None:
    enter(made)
    tomorrow(made, [next_order("AAA", "reduce", 30, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    alive = [o for o in made.broker.orders(AT, AT + timedelta(days=2)) if not o.state.terminal]
    assert [(o.quantity, o.stop_price) for o in alive] == [(70, Decimal("90.00"))]


def test_the_stop_follows_the_fill_when_nobody_moved_it(made: Any) -> None:
    made.feed.prices["AAA"] = 100.5
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    assert position.stop_price == Decimal("90.45")  # 100.5 x 0.9
    alive = [o for o in made.broker.orders(AT, AT + timedelta(hours=1)) if not o.state.terminal]
    assert [o.stop_price for o in alive] == [Decimal("90.45")]


def test_a_stop_moved_by_hand_stays_where_it_was_put(made: Any) -> None:
    made.feed.prices["AAA"] = 100.5
    enter(made, order("AAA", "entry", 100, 100.0, stop=93.0))
    assert made.ledger.positions.open_positions()[0].stop_price == Decimal(93)


def test_a_stop_that_cannot_be_placed_turns_entries_off(made: Any) -> None:
    made.attached = False

    class NoStops:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: Any) -> Any:
            return getattr(self.inner, name)

        def submit(self, request: Any) -> Any:
            from backtest.core.errors import BrokerRefused

            if request.order_type == "stop":
                raise BrokerRefused("stops are not accepted today")
            return self.inner.submit(request)

    made.wrap = NoStops
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert made.ledger.state.kill_level() == "entries"
    assert [p.symbol for p in made.ledger.positions.unprotected()] == ["AAA"]
    assert any("NO STOP" in a.body for a in made.ledger.alerts.recent())


def test_a_missing_stop_is_placed_first_on_the_next_run(made: Any) -> None:
    made.attached = False
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)
    tomorrow(made, [next_order("BBB", "entry", 10, 50.0, stop=45.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    later = list(made.broker.orders(AT + timedelta(hours=12), AT + timedelta(days=2)))
    assert [(o.symbol, o.order_type) for o in later][:2] == [("AAA", "stop"), ("BBB", "market")]
    assert made.ledger.positions.unprotected() == ()


def test_a_stop_that_failed_is_placed_by_the_next_start_of_the_same_session(made: Any) -> None:
    made.attached = False
    refuse = [True]

    def submit(inner: Any, request: Any) -> Any:
        if request.order_type == "stop" and refuse[0]:
            raise BrokerRefused("not now", where="test")
        return inner.submit(request)

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    made.write(signal([ENTRY]))
    made.executor()
    assert [row.symbol for row in made.ledger.positions.unprotected()] == ["AAA"]
    refuse[0] = False
    made.executor()
    assert made.ledger.positions.unprotected() == ()


def test_what_was_bought_is_protected_although_a_later_step_fails(made: Any) -> None:
    made.attached = False
    feed_quotes = made.feed.quotes

    def quotes(symbols: Any, at: Any) -> Any:
        if list(symbols) == ["BBB"]:
            raise BrokerError("the vendor is down", where="quotes")
        return feed_quotes(symbols, at)

    made.feed.quotes = quotes
    made.write(signal([ENTRY, OTHER]))
    with pytest.raises(BrokerError, match="vendor"):
        made.executor()
    assert made.holdings() == {"AAA": 100}
    assert made.ledger.positions.unprotected() == ()
    assert made.ledger.positions.get("golden", "AAA").stop_broker_order_id is not None


def resting(made: Any) -> list[tuple[str, str, int, Decimal | None]]:
    alive = [o for o in made.broker.orders(AT, AT + timedelta(days=3)) if not o.state.terminal]
    return [(o.symbol, o.order_type, o.quantity, o.stop_price) for o in alive]


def test_a_stop_moved_at_the_broker_is_kept_at_its_price(made: Any) -> None:
    """An edit ends our order and makes a new one, as a corporate action does."""
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)
    made.broker.submit(OrderRequest("by hand", "AAA", "sell", 100, "stop", "gtc", Decimal("95.00")))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    assert resting(made) == [("AAA", "stop", 100, Decimal("95.00"))]
    (position,) = made.ledger.positions.open_positions()
    assert position.stop_price == Decimal("95.00")
    assert made.ledger.positions.unprotected() == ()
    assert made.ledger.state.kill_level() == "none"
    assert made.executor() == 0
    assert resting(made) == [("AAA", "stop", 100, Decimal("95.00"))]


def test_two_stops_over_the_same_shares_are_a_persons_matter(made: Any) -> None:
    """Both could sell: only a single one is taken for the position's stop."""
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)
    made.broker.submit(OrderRequest("by hand", "AAA", "sell", 100, "stop", "gtc", Decimal("95.00")))
    runtime = made.open()
    listed = listing.listed(runtime.broker, runtime.clock)
    (stop,) = [shown for shown in listed if not shown.state.terminal]
    assert unknown_orders.unknown(runtime.context, listed) == ()
    other = replace(stop, order_id="another")
    assert unknown_orders.unknown(runtime.context, (*listed, other)) == (stop, other)


def test_a_position_below_its_stop_is_sold(made: Any) -> None:
    """Brokers refuse a stop above the market: the shares stayed without one, day after day."""
    made.attached = False
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)
    made.feed.prices["AAA"] = 85.0
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    made.executor()
    assert made.holdings() == {}
    (closed,) = made.ledger.positions.closed()
    assert (closed.exit_price, closed.exit_reason) == (Decimal(85), "stop_loss")
    assert any("sold at market" in alert.body for alert in made.ledger.alerts.recent())


@pytest.mark.parametrize(("bid", "ask"), [(60.0, 300.0), (119.0, 121.0)])
def test_no_entry_follows_a_wide_or_lopsided_quote(made: Any, bid: float, ask: float) -> None:
    """Its stop was sent at 162 with the price at 100: bought and stopped out at once."""
    quotes = made.feed.quotes

    def wide(symbols: Any, at: Any) -> Any:
        return {name: replace(quote, bid=bid, ask=ask) for name, quote in quotes(symbols, at).items()}

    made.feed.quotes = wide
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert made.holdings() == {}
    assert states(made) == []


def test_a_stop_ended_at_the_broker_after_the_file_was_done_is_placed_by_the_next_start(made: Any) -> None:
    enter(made, order("AAA", "entry", 100, 100.0, stop=90.0))
    assert live_stops(made) == {"AAA": 100}
    (stop,) = (o for o in listing.living(made.broker, made.clock) if o.order_type == "stop")
    made.broker.cancel(stop.order_id)
    assert made.ledger.positions.unprotected() == ()
    assert made.executor() == 0
    assert live_stops(made) == {"AAA": 100}
    (day,) = made.ledger.runs.recent(1, "golden")
    assert "AAA: its protective stop rests no more: canceled at the broker" in day.detail["warnings"]
