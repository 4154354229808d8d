"""An account that shows fills seconds late is waited for, within bounds, and never traded on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import DisagreementError
from live.brokers.paper.engine import SLOW_FILL
from live.model.broker import Account, BrokerOrder
from tests.support.exec_world import (
    ENTRY,
    NEXT_DAY,
    World,
    Wrapped,
    enter,
    next_order,
    order,
    outcome,
    panic_in,
    tomorrow,
)


class Lagging:
    """The account as it was before the newest change, for `seconds` after it."""

    def __init__(self, made: World, seconds: float) -> None:
        self.made, self.lag = made, timedelta(seconds=seconds)
        self.seen: list[tuple[datetime, Account]] = []

    def account(self, inner: Any) -> Account:
        now, real = self.made.clock.now(), inner.account()
        if not self.seen or self.seen[-1][1].holdings != real.holdings:
            self.seen.append((now, real))
        at, _ = self.seen[-1]
        return self.seen[-2][1] if len(self.seen) > 1 and now < at + self.lag else real


@pytest.fixture
def lagging(made: World) -> Lagging:
    found = Lagging(made, 10)
    made.wrap = lambda broker: Wrapped(broker, account=found.account)
    return found


def stopped_just_now(made: World, lagging: Lagging) -> datetime:
    """A position whose stop fills in the instant before the next session's run; return that instant."""
    enter(made, ENTRY)
    tomorrow(made, [next_order("BBB", "entry", 10, 50.0, stop=45.0)], positions={"AAA": 100}, cash=90_000.0)
    lagging.account(made.open().broker._inner)  # type: ignore[attr-defined] # what was shown before
    made.feed.prices["AAA"] = 80.0
    return made.clock.now()


def test_a_day_of_sells_and_buys_goes_through_on_a_lagging_account(made: World, lagging: Lagging) -> None:
    enter(made, ENTRY)
    tomorrow(
        made,
        [next_order("AAA", "exit", 100, 100.0), next_order("BBB", "entry", 1900, 50.0, stop=45.0)],
        positions={"AAA": 100},
        cash=90_000.0,
    )
    assert made.executor() == 0
    assert made.broker.account().shares() == {"BBB": 1900} == made.ledger.positions.shares()
    assert outcome(made, NEXT_DAY) == "completed"


def test_a_stop_that_filled_a_moment_ago_is_waited_for(made: World, lagging: Lagging) -> None:
    began = stopped_just_now(made, lagging)
    assert made.executor() == 0
    assert made.broker.account().shares() == {"BBB": 10} == made.ledger.positions.shares()
    assert timedelta(seconds=10) <= made.clock.now() - began < timedelta(seconds=60)


def test_an_account_that_stays_behind_stops_the_run_with_nothing_sent(made: World, lagging: Lagging) -> None:
    began = stopped_just_now(made, lagging)
    lagging.lag = timedelta(days=1)
    with pytest.raises(DisagreementError, match="AAA"):
        made.executor()
    assert made.clock.now() - began < timedelta(seconds=60)
    assert [o.symbol for o in made.ledger.orders.recent() if o.side == "buy"] == ["AAA"]


def test_without_a_recent_fill_a_difference_is_one_at_once(made: World) -> None:
    enter(made, ENTRY)
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    account = made.broker.account()
    fewer = replace(account, holdings=(replace(account.holdings[0], quantity=Decimal(59)),))
    made.wrap = lambda broker: Wrapped(broker, account=lambda inner: fewer)
    began = made.clock.now()
    with pytest.raises(DisagreementError, match="AAA"):
        made.executor()
    assert made.clock.now() == began


def test_cash_that_lags_is_not_taken_over(made: World) -> None:
    """Positions agree and the cash is under the guard: it is still the cash of before the purchase."""
    enter(made, ENTRY)
    real = made.broker.account()
    assert real.cash is not None
    stale = replace(real, cash=real.cash + 4_000, settled_cash=real.cash + 4_000)
    made.wrap = lambda broker: Wrapped(broker, account=lambda inner: stale)
    made.clock.sleep(30)
    made.executor()
    estimate = made.ledger.cash.estimate()
    assert estimate is not None
    assert estimate.cash == real.cash


def test_panic_sells_what_was_bought_a_moment_ago(made: World, lagging: Lagging) -> None:
    runtime = made.open()
    runtime.broker.account()
    enter(made, ENTRY)
    lagging.seen[-1] = (made.clock.now(), lagging.seen[-1][1])
    result = panic_in(made.open())
    assert made.broker.account().shares() == {} == made.ledger.positions.shares()
    assert result.left == []


class Died(BaseException):
    """The process is gone."""


def killed_while_two_sales_work(made: World) -> None:
    """Two positions; the run that sells both dies with the second request on its way, neither has filled."""
    enter(made, order("AAA", "entry", 100, 100.0, rank=2.0), order("BBB", "entry", 100, 50.0, rank=1.0))
    tomorrow(
        made,
        [next_order("AAA", "exit", 100, 100.0), next_order("BBB", "exit", 100, 50.0)],
        positions={"AAA": 100, "BBB": 100},
        cash=85_000.0,
    )
    sent: list[str] = []

    def submit(inner: Any, request: Any) -> str | None:
        order_id: str | None = inner.submit(request)
        sent.append(request.symbol)
        if len(sent) == 2:
            raise Died
        return order_id

    made.fault = "slow"
    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    with pytest.raises(Died):
        made.executor()
    made.ledger.close()


def test_orders_that_fill_between_two_looks_are_no_difference(made: World) -> None:
    killed_while_two_sales_work(made)
    aaa, bbb = made.feed.prices.pop("AAA"), made.feed.prices.pop("BBB")
    asked: list[str] = []
    made.clock.sleep(SLOW_FILL.total_seconds())

    def find(inner: Any, name: str) -> BrokerOrder | None:
        """The order whose reply was lost is found last of all."""
        asked.append(name)
        found: BrokerOrder | None = inner.find(name)
        return found

    def account(inner: Any) -> Account:
        """AAA fills between the look at the orders and this one; BBB when AAA is booked, before the next."""
        if asked:
            made.feed.prices["AAA"] = aaa
        if "AAA" not in made.ledger.positions.shares():
            made.feed.prices["BBB"] = bbb
        found: Account = inner.account()
        return found

    made.wrap = lambda broker: Wrapped(broker, account=account, find=find)
    assert made.executor() == 0
    assert made.holdings() == {} == made.ledger.positions.shares()
    assert outcome(made, NEXT_DAY) == "completed"


def test_nobody_is_told_to_adopt_while_an_order_is_on_its_way(made: World) -> None:
    killed_while_two_sales_work(made)
    made.feed.prices.clear()  # nothing fills
    real = made.broker.account()
    holdings = tuple(replace(held, quantity=held.quantity - 40) for held in real.holdings)
    made.wrap = lambda broker: Wrapped(broker, account=lambda inner: replace(real, holdings=holdings))
    with pytest.raises(DisagreementError, match="on its way: AAA, BBB") as caught:
        made.executor()
    assert "adopt" not in caught.value.line()
