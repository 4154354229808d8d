"""The order protocol against a broker that loses, delays and mixes up replies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import (
    AuthenticationFailed,
    BrokerError,
    BrokerRefused,
    BrokerUnknown,
    NotSent,
    UnresolvedError,
)
from live.brokers.paper.broker import PaperBroker
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.broker import BrokerOrder, OrderRequest
from live.model.order_state import JournalState as S
from live.orders.submission import Submission
from live.system.clock import SimulatedClock
from tests.support.broker_contract import shown
from tests.support.exec_world import AT, DAY, World, world

NAME = f"{DAY:%Y%m%d}_AAA_entry_buy"


class FaultyLine:
    """The paper broker behind a line that can be told to misbehave."""

    def __init__(self, inner: PaperBroker, clock: SimulatedClock) -> None:
        self.inner, self.clock = inner, clock
        self.submits = 0
        self.before: Exception | None = None  # raised before the broker accepted
        self.after: Exception | None = None  # raised after it
        self.answer: Callable[[str | None], str | None] = lambda order_id: order_id
        self.hide_until: datetime | None = None  # the list lags: new orders appear at this time
        self.shown: Callable[[list[BrokerOrder]], list[BrokerOrder]] = lambda orders: orders
        self.reads_fail = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def submit(self, request: OrderRequest) -> str | None:
        self.submits += 1
        if self.before is not None:
            error, self.before = self.before, None
            raise error
        order_id = self.inner.submit(request)
        if self.after is not None:
            error, self.after = self.after, None
            raise error
        return self.answer(order_id)

    def _visible(self) -> bool:
        if self.reads_fail:
            self.reads_fail -= 1
            raise BrokerError("503")
        return self.hide_until is None or self.clock.now() >= self.hide_until

    def orders(self, since: datetime, until: datetime) -> list[BrokerOrder]:
        found = self.inner.orders(since, until)
        return self.shown(list(found)) if self._visible() else []

    def find(self, client_order_id: str) -> BrokerOrder | None:
        found = self.inner.find(client_order_id)
        return found if self._visible() else None


def unknown() -> BrokerUnknown:
    return BrokerUnknown("connection reset")


@pytest.fixture(params=["A", "B"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class SendingWorld(World):
    """A world whose orders pass a line that can be told to misbehave."""

    line: Any
    submission: Submission
    plan: Callable[..., Order]
    accepted: Callable[[], list[BrokerOrder]]
    inner_first: Any


@pytest.fixture
def desk(tmp_path: Path, protocol: str) -> SendingWorld:
    base = world(tmp_path, honours_client_id=protocol == "A")
    made = SendingWorld(base.folder, base.feed, base.clock, honours_client_id=base.honours_client_id)
    runtime = made.open()
    made.line = FaultyLine(made.broker, made.clock)
    made.submission = Submission(made.line, runtime.ledger, made.clock)
    made.plan = lambda name=NAME, quantity=10: runtime.ledger.orders.plan(
        OrderPlan(name, "golden", DAY, "offline_mock", "AAA", "buy", "entry", quantity), at=made.clock.now()
    )
    made.accepted = lambda: [
        o for o in made.broker.orders(AT - timedelta(1), AT + timedelta(9)) if o.side == "buy"
    ]
    return made


def sight(desk: SendingWorld, row: Order) -> BrokerOrder:
    """What the broker itself shows of a journalled order."""
    assert row.broker_order_id is not None
    return shown(desk.broker, row.broker_order_id)


def test_the_journal_is_written_before_the_order_leaves(desk: SendingWorld) -> None:
    seen = []
    original = desk.line.submit

    def spy(request: OrderRequest) -> str:
        seen.append(desk.ledger.orders.get(NAME).state)
        return original(request)

    desk.line.submit = spy
    row = desk.submission.send(desk.plan())
    assert seen == [S.SENDING]
    assert row.state == S.FILLED
    assert [e.state for e in desk.ledger.orders.events(NAME)] == ["PLANNED", "SENDING", "ACKED", "FILLED"]
    assert row.body is not None
    assert row.body["symbol"] == "AAA"


def test_a_lost_reply_after_acceptance_is_found_and_adopted(desk: SendingWorld) -> None:
    desk.line.after = unknown()
    row = desk.submission.send(desk.plan())
    assert (row.state, row.filled_quantity, desk.line.submits) == (S.FILLED, 10, 1)
    assert len(desk.accepted()) == 1


@pytest.mark.parametrize("lag", [0.25, 5.0, 45.0])
def test_a_lagging_list_is_waited_for(desk: SendingWorld, lag: float, protocol: str) -> None:
    if protocol == "A" and lag > 30:
        pytest.skip("with client ids the lookup is direct and 30 s of absence are an answer")
    desk.line.after = unknown()
    desk.line.hide_until = desk.clock.now() + timedelta(seconds=lag)
    row = desk.submission.send(desk.plan())
    assert (row.state, desk.line.submits, len(desk.accepted())) == (S.FILLED, 1, 1)


def test_a_request_lost_before_acceptance_never_makes_two(desk: SendingWorld, protocol: str) -> None:
    desk.line.before = unknown()
    if protocol == "A":
        # the id is unknown to the broker for 30 s: the very same id is sent again
        row = desk.submission.send(desk.plan())
        assert (row.state, desk.line.submits) == (S.FILLED, 2)
        assert [o.client_order_id for o in desk.accepted()] == [NAME]
    else:
        with pytest.raises(UnresolvedError) as caught:
            desk.submission.send(desk.plan())
        assert "jutsu resolve" in caught.value.line()
        assert desk.ledger.orders.get(NAME).state == S.UNKNOWN
        assert desk.line.submits == 1
        assert desk.accepted() == []


def test_while_one_fate_is_unknown_nothing_else_is_sent(desk: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("protocol A ends the doubt by itself")
    desk.line.before = unknown()
    with pytest.raises(UnresolvedError):
        desk.submission.send(desk.plan())
    with pytest.raises(UnresolvedError):
        desk.submission.send(desk.plan(f"{DAY:%Y%m%d}_AAA_increase_buy"))
    assert desk.line.submits == 1


@pytest.mark.parametrize("answer", [lambda _: None, lambda _: "1"])
def test_an_accepted_order_without_its_own_id_is_searched(
    desk: SendingWorld, answer: Callable[..., Any]
) -> None:
    desk.inner_first = desk.broker.submit(OrderRequest("other", "AAA", "buy", 3))  # becomes id 1
    desk.line.answer = answer
    row = desk.submission.send(desk.plan())
    assert (row.state, row.broker_order_id, desk.line.submits) == (S.FILLED, "2", 1)


def test_reads_that_fail_say_nothing(desk: SendingWorld) -> None:
    desk.line.after = unknown()
    desk.line.reads_fail = 0
    original = desk.line.submit

    def then_fail(request: OrderRequest) -> Any:
        try:
            return original(request)
        finally:
            desk.line.reads_fail = 4

    desk.line.submit = then_fail
    row = desk.submission.send(desk.plan())
    assert (row.state, len(desk.accepted())) == (S.FILLED, 1)


def test_not_sent_is_repeated_and_then_given_up(desk: SendingWorld) -> None:
    desk.line.before = NotSent("connection refused")
    row = desk.submission.send(desk.plan())
    assert (row.state, desk.line.submits) == (S.FILLED, 2)


def test_never_sent_ends_refused_after_three_tries(desk: SendingWorld) -> None:
    def submit(request: OrderRequest) -> None:
        desk.line.submits += 1
        raise NotSent("connection refused")

    desk.line.submit = submit
    row = desk.submission.send(desk.plan())
    assert (row.state, desk.line.submits) == (S.REFUSED, 3)


def test_a_refusal_is_final(desk: SendingWorld) -> None:
    desk.line.before = BrokerRefused("restricted symbol")
    row = desk.submission.send(desk.plan())
    assert (row.state, row.state_reason, desk.line.submits) == (S.REFUSED, "restricted symbol", 1)


def test_a_dead_token_leaves_the_order_planned(desk: SendingWorld) -> None:
    desk.line.before = AuthenticationFailed("token expired")
    with pytest.raises(AuthenticationFailed):
        desk.submission.send(desk.plan())
    assert desk.ledger.orders.get(NAME).state == S.PLANNED


def test_outside_the_window_nothing_leaves(desk: SendingWorld) -> None:
    shut = Submission(desk.line, desk.ledger, desk.clock, lambda _: False)
    assert shut.send(desk.plan()).state == S.PLANNED
    assert desk.line.submits == 0


def look_alike(desk: SendingWorld, **changes: Any) -> None:
    """Make the list show a second order that looks like ours."""

    def shown(orders: list[BrokerOrder]) -> list[BrokerOrder]:
        if not orders:
            return orders
        return [*orders, replace(orders[-1], order_id="777", executions=(), **changes)]

    desk.line.after = unknown()
    desk.line.shown = lambda orders: shown(orders) if desk.line.submits else orders


def test_two_full_matches_halt_and_name_both(desk: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("a client id cannot be mistaken")
    look_alike(desk)
    with pytest.raises(UnresolvedError) as caught:
        desk.submission.send(desk.plan())
    assert "777" in caught.value.line()
    assert desk.ledger.orders.get(NAME).state == S.AMBIGUOUS
    assert desk.line.submits == 1


def test_an_order_of_another_program_is_told_by_its_tag(desk: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("a client id cannot be mistaken")
    desk.ledger.state.set("app_tag", "paper", at=desk.clock.now())
    look_alike(desk, tag="API_TOS:CHART")
    assert desk.submission.send(desk.plan()).broker_order_id == "1"


def test_a_near_match_alone_is_never_adopted(desk: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("a client id cannot be mistaken")
    desk.line.after = unknown()
    desk.line.shown = lambda orders: [replace(o, quantity=11) for o in orders]
    with pytest.raises(UnresolvedError):
        desk.submission.send(desk.plan())
    assert desk.ledger.orders.get(NAME).state == S.AMBIGUOUS


@pytest.mark.parametrize("skew", [-90, 90])
def test_the_search_uses_the_brokers_clock(desk: SendingWorld, skew: int, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("no times are compared")
    offset = timedelta(seconds=skew)
    desk.line.clock_offset = lambda: offset
    desk.line.shown = lambda orders: [replace(o, entered_at=o.entered_at + offset) for o in orders]
    desk.line.after = unknown()
    assert desk.submission.send(desk.plan()).state == S.FILLED


def test_the_next_day_an_order_never_listed_is_absent(desk: SendingWorld, protocol: str) -> None:
    desk.line.before = unknown()
    if protocol == "B":
        with pytest.raises(UnresolvedError):
            desk.submission.send(desk.plan())
    else:
        desk.ledger.orders.transition(desk.plan().client_order_id, S.SENDING, at=desk.clock.now())
    desk.clock.set(AT + timedelta(days=1))
    (row,) = desk.ledger.orders.unfinished()
    after = desk.submission.recover(row, today=DAY + timedelta(days=1))
    assert after.state == S.ABSENT
    assert desk.line.submits == (1 if protocol == "B" else 0)


def test_the_next_day_a_changed_position_forbids_guessing(desk: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("with client ids absence is certain")
    desk.line.before = unknown()
    with pytest.raises(UnresolvedError):
        desk.submission.send(desk.plan())
    desk.broker.submit(OrderRequest("by hand", "AAA", "buy", 7))
    desk.clock.set(AT + timedelta(days=1))
    desk.line.shown = lambda orders: []
    (row,) = desk.ledger.orders.unfinished()
    with pytest.raises(UnresolvedError):
        desk.submission.recover(row, today=DAY + timedelta(days=1))


def test_an_order_that_disappears_from_the_list_stays_alive(desk: SendingWorld) -> None:
    desk.broker._engine.fault = "never"
    row = desk.submission.send(desk.plan())
    desk.line.order = lambda order_id: None
    assert desk.submission.refresh(row).state == S.UNKNOWN_LIVE


def test_a_fill_that_shrinks_halts(desk: SendingWorld) -> None:
    row = desk.submission.send(desk.plan())
    full = sight(desk, row)
    desk.line.order = lambda order_id: replace(full, filled_quantity=4, executions=())
    with pytest.raises(UnresolvedError):
        desk.submission.refresh(row)


def test_executions_that_lag_behind_keep_the_order_alive(desk: SendingWorld) -> None:
    desk.broker._engine.fault = "slow"
    row = desk.submission.send(desk.plan())
    desk.clock.sleep(30)
    full = sight(desk, row)
    desk.line.order = lambda order_id: replace(full, executions=())
    after = desk.submission.refresh(row)
    assert (after.state, after.filled_quantity) == (S.UNKNOWN_LIVE, 0)
    del desk.line.order
    after = desk.submission.refresh(after)
    assert (after.state, after.filled_quantity) == (S.FILLED, 10)
    assert desk.ledger.positions.shares() == {"AAA": 10}


def test_booking_the_same_sight_twice_changes_nothing(desk: SendingWorld) -> None:
    row = desk.submission.send(desk.plan())
    events = len(desk.ledger.orders.events(NAME))
    again = desk.submission.refresh(row)
    assert again.filled_quantity == 10
    assert len(desk.ledger.orders.events(NAME)) == events
    assert desk.ledger.positions.shares() == {"AAA": 10}
    assert desk.ledger.positions.get("golden", "AAA").entry_price == Decimal(100)


def test_a_cancel_that_was_not_answered_is_asked_again(desk: SendingWorld) -> None:
    desk.broker._engine.fault = "never"
    row = desk.submission.send(desk.plan())
    asked = []

    def cancel(order_id: str) -> None:
        asked.append(order_id)
        if len(asked) < 3:
            raise BrokerError("timeout")
        desk.broker.cancel(order_id)

    desk.line.cancel = cancel
    assert desk.submission.cancel(row).state == S.CANCELED
    assert len(asked) == 3


def test_a_cancel_refused_because_it_filled_is_a_fill(desk: SendingWorld) -> None:
    desk.broker._engine.fault = "slow"
    row = desk.submission.send(desk.plan())
    desk.clock.sleep(25)
    after = desk.submission.cancel(row)
    assert (after.state, after.filled_quantity) == (S.FILLED, 10)
