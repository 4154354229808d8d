"""Fills against the price of their submission: which are a note, which an alarm, which end the buying."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.execution.context import ExecutionContext
from live.execution.slippage import ABORTED, judge
from live.execution.verdict import OrdersMissed
from live.ledger.tables import Order
from live.model.broker import OrderState
from tests.support.exec_world import (
    ENTRY,
    OTHER,
    World,
    Wrapped,
    bought,
    context_on_file,
    enter,
    order,
    outcome,
    signal,
)
from tests.support.ledger_samples import changed

#: fills of the paper broker are this much worse than the quote, percent
SLIPPY: dict[str, Any] = {"execution": {"min_cash_pct": 0, "slippage_pct": 1.2}}


@pytest.fixture
def run(made: World) -> ExecutionContext:
    """A run on a file whose entry of 100 AAA at 100 filled without slippage."""
    enter(made, ENTRY)
    return context_on_file(made)


def entry(run: ExecutionContext, **changes: Any) -> Order:
    (row,) = [row for row in run.rows() if row.intent == "entry"]
    made: Order = changed(row, **changes)
    return made


@pytest.mark.parametrize(
    ("side", "price", "warnings", "alarms", "level"),
    [
        ("buy", "100.30", 0, 0, "none"),  # the limits themselves pass
        ("buy", "100.31", 1, 0, "none"),
        ("buy", "100.50", 1, 0, "none"),
        ("buy", "100.51", 0, 1, "none"),
        ("buy", "101.00", 0, 1, "none"),
        ("buy", "101.01", 0, 1, "entries"),
        ("buy", "90.00", 0, 0, "none"),  # better than the quote
        ("sell", "99.69", 1, 0, "none"),
        ("sell", "98.99", 0, 1, "entries"),
        ("sell", "110.00", 0, 0, "none"),
    ],
)
def test_each_limit_says_more(
    run: ExecutionContext, side: str, price: str, warnings: int, alarms: int, level: str
) -> None:
    judge(run, [entry(run, side=side, quote_price=Decimal(100), average_price=Decimal(price))])
    assert (len(run.notes.warnings), len(run.notes.critical)) == (warnings, alarms)
    assert run.ledger.state.kill_level() == level
    assert run.notes.aborted == (level == "entries") == bool(run.notes.stop_buying)


@pytest.mark.parametrize(
    "changes",
    [
        {"filled_quantity": 0},
        {"average_price": None},
        {"quote_price": None},
        {"intent": "stop"},  # a stop sells below the market by its nature
    ],
    ids=["no share", "no price", "no quote", "stop"],
)
def test_a_fill_that_cannot_be_compared_says_nothing(run: ExecutionContext, changes: dict[str, Any]) -> None:
    judge(run, [entry(run, **{"quote_price": Decimal(100), "average_price": Decimal(200)} | changes)])
    assert run.notes.warnings == run.notes.critical == []
    assert run.ledger.state.kill_level() == "none"


def test_an_order_sent_before_the_open_is_held_against_the_opening_price(
    made: World, run: ExecutionContext
) -> None:
    early = entry(run, sent_at=run.session.open - timedelta(minutes=30), quote_price=Decimal(50))
    made.feed.opens["AAA"] = 100.0
    judge(run, [early])
    assert run.notes.warnings == run.notes.critical == []
    made.feed.opens["AAA"] = 98.0  # bought at 100: 2.04 % above the open
    judge(run, [early])
    assert "2.04 %" in run.notes.critical[0]
    made.feed.prices.clear()  # no quote, no opening price: nothing to hold it against
    judge(run, [changed(early, average_price=Decimal(500))])
    assert len(run.notes.critical) == 1


def test_a_fill_ends_the_buying_once_and_names_itself(run: ExecutionContext) -> None:
    bad = entry(run, quote_price=Decimal(100), average_price=Decimal(102))
    judge(run, [bad])
    switch = run.ledger.state.kill_switch()
    assert (switch.level, switch.by) == ("entries", "executor")
    assert switch.reason == "slippage of 2.00 % on AAA (slippage_abort_pct)"
    assert [
        e.detail[ABORTED] for e in run.ledger.orders.events(bad.client_order_id) if ABORTED in e.detail
    ] == [2.0]
    run.ledger.state.clear_kill(by="a person", at=run.clock.now())
    judge(run, [bad])
    assert run.ledger.state.kill_level() == "none"  # the person has seen this one


@settings(max_examples=50, deadline=None)
@given(st.decimals("0.01", "10000", places=2), st.decimals("0.01", "10000", places=2))
def test_what_is_bad_for_a_buyer_is_good_for_a_seller(quote: Decimal, fill: Decimal) -> None:
    from backtest.trading.slippage import slippage_pct

    bought_at, sold_at = slippage_pct("buy", fill, quote), slippage_pct("sell", fill, quote)
    assert bought_at is not None
    assert sold_at is not None
    assert bought_at == -sold_at
    assert (bought_at > 0) == (fill > quote)


def test_slippage_above_the_limit_stops_buying(made: World) -> None:
    made.overrides = {
        "execution": {"min_cash_pct": 0, "max_buying_power_pct": 100, "slippage_pct": 1.5},
        "polling": {"retries": 0},
    }
    made.write(signal([order("AAA", "entry", 10, 100.0)]))
    with pytest.raises(OrdersMissed, match="slippage"):
        made.executor()
    assert outcome(made) == "completed"
    assert any("no further buys" in a.body for a in made.ledger.alerts.recent())


def test_a_fill_above_the_limit_stops_the_next_buy_and_turns_entries_off(made: World) -> None:
    made.overrides = SLIPPY
    made.write(signal([ENTRY, OTHER]))
    with pytest.raises(OrdersMissed, match="slippage") as caught:
        made.executor()
    assert caught.value.exit_code == 7
    assert bought(made) == {"AAA_entry_buy": 100}
    switch = made.ledger.state.kill_switch()
    assert (switch.level, switch.by) == ("entries", "executor")
    assert "AAA" in switch.reason
    assert made.executor() == 0  # entries are off, said as a warning
    assert bought(made) == {"AAA_entry_buy": 100}
    made.ledger.state.clear_kill(by="a person", at=made.clock.now())
    made.overrides = {"execution": {"min_cash_pct": 0}}
    assert made.executor() == 0  # a person has seen it: it does not stop the day a second time
    assert bought(made) == {"AAA_entry_buy": 100, "BBB_entry_buy": 10}


def test_a_fill_that_nobody_lived_to_judge_stops_the_next_run(made: World) -> None:
    made.overrides = SLIPPY
    made.write(signal([ENTRY, OTHER]))

    class Killed(BaseException):
        """The process ends here."""

    def shown(inner: Any, order_id: str) -> Any:
        found = inner.order(order_id)
        if found.filled_quantity and not seen:
            seen.append(order_id)
            raise Killed
        return found

    seen: list[str] = []
    made.wrap = lambda broker: Wrapped(broker, order=shown)
    with pytest.raises(Killed):
        made.executor()
    with pytest.raises(OrdersMissed, match="slippage"):
        made.executor()
    assert bought(made) == {"AAA_entry_buy": 100}


def test_a_former_buy_that_fills_late_and_badly_stops_the_one_after_next(made: World) -> None:
    made.overrides = SLIPPY | {"polling": {"retries": 0}}
    third = order("CCC", "entry", 10, 20.0, rank=0.5)
    late: list[datetime] = []

    def shown(inner: Any, order_id: str) -> Any:
        found = inner.order(order_id)
        if found.order_type == "stop" or made.clock.now() - late[0] >= timedelta(seconds=18):
            return found
        return replace(found, state=OrderState.WORKING, filled_quantity=0, executions=())

    def submit(inner: Any, request: Any) -> Any:
        late.append(made.clock.now())
        return inner.submit(request)

    made.wrap = lambda broker: Wrapped(broker, order=shown, submit=submit)
    made.write(signal([ENTRY, OTHER, third]))
    with pytest.raises(OrdersMissed, match="slippage"):
        made.executor()
    assert "CCC_entry_buy" not in bought(made)
