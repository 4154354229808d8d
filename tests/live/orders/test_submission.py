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
from live.ledger.database import Database
from live.ledger.errors import LedgerUnavailable
from live.ledger.generation import generation_file
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.broker import BrokerOrder, OrderRequest
from live.model.order_state import JournalState as S
from live.orders.submission import Submission
from live.system.clock import SimulatedClock
from tests.support.broker_contract import shown
from tests.support.exec_world import AT, DAY, World, world
from tests.support.http_fuse import on_commit

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
def sender(tmp_path: Path, protocol: str) -> SendingWorld:
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


def sight(sender: SendingWorld, row: Order) -> BrokerOrder:
    """What the broker itself shows of a journalled order."""
    assert row.broker_order_id is not None
    return shown(sender.broker, row.broker_order_id)


def test_the_journal_is_written_before_the_order_leaves(sender: SendingWorld) -> None:
    seen = []
    original = sender.line.submit

    def spy(request: OrderRequest) -> Any:
        seen.append(sender.ledger.orders.get(NAME).state)
        return original(request)

    sender.line.submit = spy
    row = sender.submission.send(sender.plan())
    assert seen == [S.SENDING]
    assert row.state == S.FILLED
    assert [e.state for e in sender.ledger.orders.events(NAME)] == ["PLANNED", "SENDING", "ACKED", "FILLED"]
    assert row.body is not None
    assert row.body["symbol"] == "AAA"


def test_planning_and_sending_are_one_commit_before_the_order_and_one_after_its_reply(
    sender: SendingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.plan(f"{NAME}_first")  # the ledger is opened
    steps: list[str] = []
    monkeypatch.setattr(Database, "transaction", on_commit(lambda _: steps.append("commit")))
    original = sender.line.submit

    def submit(request: OrderRequest) -> Any:
        steps.append("submit")
        return original(request)

    sender.line.submit = submit
    plan = OrderPlan(NAME, "golden", DAY, "offline_mock", "AAA", "buy", "entry", 10)
    assert sender.submission.send(plan).state == S.FILLED
    assert steps == ["commit", "submit", "commit"]


def test_a_run_that_cannot_be_counted_sends_nothing_and_plans_its_order(sender: SendingWorld) -> None:
    file = generation_file(Path(sender.ledger.where))
    file.unlink(missing_ok=True)
    file.mkdir()
    with pytest.raises(LedgerUnavailable, match="generation"):
        sender.submission.send(OrderPlan(NAME, "golden", DAY, "offline_mock", "AAA", "buy", "entry", 10))
    assert sender.line.submits == 0
    row = sender.ledger.orders.get(NAME)
    assert row is not None
    assert row.state == S.PLANNED
    file.rmdir()
    assert sender.submission.send(row).state == S.FILLED
    assert sender.line.submits == 1


def test_a_lost_reply_after_acceptance_is_found_and_adopted(sender: SendingWorld) -> None:
    sender.line.after = unknown()
    row = sender.submission.send(sender.plan())
    assert (row.state, row.filled_quantity, sender.line.submits) == (S.FILLED, 10, 1)
    assert len(sender.accepted()) == 1


def test_slow_reads_before_a_request_do_not_hide_it_after_a_kill(sender: SendingWorld) -> None:
    def slow(since: datetime, until: datetime) -> Any:
        sender.clock.sleep(60.0)
        return sender.line.inner.orders(since, until)

    def killed(request: OrderRequest) -> None:
        sender.line.inner.submit(request)
        raise KeyboardInterrupt

    sender.line.orders, sender.line.submit = slow, killed
    with pytest.raises(KeyboardInterrupt):
        sender.submission.send(sender.plan())
    sender.clock.sleep(120.0)
    (left,) = sender.ledger.orders.unfinished()
    row = sender.submission.recover(left, today=DAY)
    assert (row.state, row.filled_quantity, len(sender.accepted())) == (S.FILLED, 10, 1)


@pytest.mark.parametrize("lag", [0.25, 5.0, 45.0])
def test_a_lagging_list_is_waited_for(sender: SendingWorld, lag: float, protocol: str) -> None:
    if protocol == "A" and lag > 30:
        pytest.skip("with client ids the lookup is direct and 30 s of absence are an answer")
    sender.line.after = unknown()
    sender.line.hide_until = sender.clock.now() + timedelta(seconds=lag)
    row = sender.submission.send(sender.plan())
    assert (row.state, sender.line.submits, len(sender.accepted())) == (S.FILLED, 1, 1)


def test_a_request_lost_before_acceptance_never_makes_two(sender: SendingWorld, protocol: str) -> None:
    sender.line.before = unknown()
    if protocol == "A":
        # the id is unknown to the broker for 30 s: the very same id is sent again
        row = sender.submission.send(sender.plan())
        assert (row.state, sender.line.submits) == (S.FILLED, 2)
        assert [o.client_order_id for o in sender.accepted()] == [NAME]
    else:
        with pytest.raises(UnresolvedError) as caught:
            sender.submission.send(sender.plan())
        assert "jutsu resolve" in caught.value.line()
        assert sender.ledger.orders.get(NAME).state == S.UNKNOWN
        assert sender.line.submits == 1
        assert sender.accepted() == []


def test_while_one_fate_is_unknown_nothing_else_is_sent(sender: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("protocol A ends the doubt by itself")
    sender.line.before = unknown()
    with pytest.raises(UnresolvedError):
        sender.submission.send(sender.plan())
    with pytest.raises(UnresolvedError):
        sender.submission.send(sender.plan(f"{DAY:%Y%m%d}_AAA_increase_buy"))
    assert sender.line.submits == 1


@pytest.mark.parametrize("answer", [lambda _: None, lambda _: "1"])
def test_an_accepted_order_without_its_own_id_is_searched(
    sender: SendingWorld, answer: Callable[..., Any]
) -> None:
    sender.inner_first = sender.broker.submit(OrderRequest("other", "AAA", "buy", 3))  # becomes id 1
    sender.line.answer = answer
    row = sender.submission.send(sender.plan())
    assert (row.state, row.broker_order_id, sender.line.submits) == (S.FILLED, "2", 1)


def test_reads_that_fail_say_nothing(sender: SendingWorld) -> None:
    sender.line.after = unknown()
    sender.line.reads_fail = 0
    original = sender.line.submit

    def then_fail(request: OrderRequest) -> Any:
        try:
            return original(request)
        finally:
            sender.line.reads_fail = 4

    sender.line.submit = then_fail
    row = sender.submission.send(sender.plan())
    assert (row.state, len(sender.accepted())) == (S.FILLED, 1)


def test_not_sent_is_repeated_and_then_given_up(sender: SendingWorld) -> None:
    sender.line.before = NotSent("connection refused")
    row = sender.submission.send(sender.plan())
    assert (row.state, sender.line.submits) == (S.FILLED, 2)


def test_never_sent_ends_refused_after_three_tries(sender: SendingWorld) -> None:
    def submit(request: OrderRequest) -> None:
        sender.line.submits += 1
        raise NotSent("connection refused")

    sender.line.submit = submit
    row = sender.submission.send(sender.plan())
    assert (row.state, sender.line.submits) == (S.REFUSED, 3)


def test_a_refusal_is_final(sender: SendingWorld) -> None:
    sender.line.before = BrokerRefused("restricted symbol")
    row = sender.submission.send(sender.plan())
    assert (row.state, row.state_reason, sender.line.submits) == (S.REFUSED, "restricted symbol", 1)


def test_a_dead_token_leaves_the_order_planned(sender: SendingWorld) -> None:
    sender.line.before = AuthenticationFailed("token expired")
    with pytest.raises(AuthenticationFailed):
        sender.submission.send(sender.plan())
    assert sender.ledger.orders.get(NAME).state == S.PLANNED


def test_outside_the_window_nothing_leaves(sender: SendingWorld) -> None:
    shut = Submission(sender.line, sender.ledger, sender.clock, lambda _: False)
    assert shut.send(sender.plan()).state == S.PLANNED
    assert sender.line.submits == 0


def look_alike(sender: SendingWorld, **changes: Any) -> None:
    """Make the list show a second order that looks like ours."""

    def shown(orders: list[BrokerOrder]) -> list[BrokerOrder]:
        if not orders:
            return orders
        return [*orders, replace(orders[-1], order_id="777", executions=(), **changes)]

    sender.line.after = unknown()
    sender.line.shown = lambda orders: shown(orders) if sender.line.submits else orders


def test_two_full_matches_halt_and_name_both(sender: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("a client id cannot be mistaken")
    look_alike(sender)
    with pytest.raises(UnresolvedError) as caught:
        sender.submission.send(sender.plan())
    assert "777" in caught.value.line()
    assert sender.ledger.orders.get(NAME).state == S.AMBIGUOUS
    assert sender.line.submits == 1


def test_an_order_of_another_program_is_told_by_its_tag(sender: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("a client id cannot be mistaken")
    sender.ledger.state.set("app_tag", "paper", at=sender.clock.now())
    look_alike(sender, tag="API_TOS:CHART")
    assert sender.submission.send(sender.plan()).broker_order_id == "1"


def test_a_near_match_alone_is_never_adopted(sender: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("a client id cannot be mistaken")
    sender.line.after = unknown()
    sender.line.shown = lambda orders: [replace(o, quantity=11) for o in orders]
    with pytest.raises(UnresolvedError):
        sender.submission.send(sender.plan())
    assert sender.ledger.orders.get(NAME).state == S.AMBIGUOUS


@pytest.mark.parametrize("skew", [-90, 90])
def test_the_search_uses_the_brokers_clock(sender: SendingWorld, skew: int, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("no times are compared")
    offset = timedelta(seconds=skew)
    sender.line.clock_offset = lambda: offset
    sender.line.shown = lambda orders: [replace(o, entered_at=o.entered_at + offset) for o in orders]
    sender.line.after = unknown()
    assert sender.submission.send(sender.plan()).state == S.FILLED


def test_the_next_day_an_order_never_listed_is_absent(sender: SendingWorld, protocol: str) -> None:
    sender.line.before = unknown()
    if protocol == "B":
        with pytest.raises(UnresolvedError):
            sender.submission.send(sender.plan())
    else:
        sender.ledger.orders.transition(sender.plan().client_order_id, S.SENDING, at=sender.clock.now())
    sender.clock.set(AT + timedelta(days=1))
    (row,) = sender.ledger.orders.unfinished()
    after = sender.submission.recover(row, today=DAY + timedelta(days=1))
    assert after.state == S.ABSENT
    assert sender.line.submits == (1 if protocol == "B" else 0)


def test_the_next_day_a_changed_position_forbids_guessing(sender: SendingWorld, protocol: str) -> None:
    if protocol == "A":
        pytest.skip("with client ids absence is certain")
    sender.line.before = unknown()
    with pytest.raises(UnresolvedError):
        sender.submission.send(sender.plan())
    sender.broker.submit(OrderRequest("by hand", "AAA", "buy", 7))
    sender.clock.set(AT + timedelta(days=1))
    sender.line.shown = lambda orders: []
    (row,) = sender.ledger.orders.unfinished()
    with pytest.raises(UnresolvedError):
        sender.submission.recover(row, today=DAY + timedelta(days=1))


def test_an_order_that_disappears_from_the_list_stays_alive(sender: SendingWorld) -> None:
    sender.broker._engine.fault = "never"
    row = sender.submission.send(sender.plan())
    sender.line.order = lambda order_id: None
    assert sender.submission.refresh(row).state == S.UNKNOWN_LIVE


def test_a_fill_that_shrinks_halts(sender: SendingWorld) -> None:
    row = sender.submission.send(sender.plan())
    full = sight(sender, row)
    sender.line.order = lambda order_id: replace(full, filled_quantity=4, executions=())
    with pytest.raises(UnresolvedError):
        sender.submission.refresh(row)


def test_executions_that_lag_behind_keep_the_order_alive(sender: SendingWorld) -> None:
    sender.broker._engine.fault = "slow"
    row = sender.submission.send(sender.plan())
    sender.clock.sleep(30)
    full = sight(sender, row)
    sender.line.order = lambda order_id: replace(full, executions=())
    after = sender.submission.refresh(row)
    assert (after.state, after.filled_quantity) == (S.UNKNOWN_LIVE, 0)
    del sender.line.order
    after = sender.submission.refresh(after)
    assert (after.state, after.filled_quantity) == (S.FILLED, 10)
    assert sender.ledger.positions.shares() == {"AAA": 10}


def test_booking_the_same_sight_twice_changes_nothing(sender: SendingWorld) -> None:
    row = sender.submission.send(sender.plan())
    events = len(sender.ledger.orders.events(NAME))
    again = sender.submission.refresh(row)
    assert again.filled_quantity == 10
    assert len(sender.ledger.orders.events(NAME)) == events
    assert sender.ledger.positions.shares() == {"AAA": 10}
    assert sender.ledger.positions.get("golden", "AAA").entry_price == Decimal(100)


def test_a_cancel_that_was_not_answered_is_asked_again(sender: SendingWorld) -> None:
    sender.broker._engine.fault = "never"
    row = sender.submission.send(sender.plan())
    asked = []

    def cancel(order_id: str) -> None:
        asked.append(order_id)
        if len(asked) < 3:
            raise BrokerError("timeout")
        sender.broker.cancel(order_id)

    sender.line.cancel = cancel
    assert sender.submission.cancel(row).state == S.CANCELED
    assert len(asked) == 3


def test_a_cancel_refused_because_it_filled_is_a_fill(sender: SendingWorld) -> None:
    sender.broker._engine.fault = "slow"
    row = sender.submission.send(sender.plan())
    sender.clock.sleep(25)
    after = sender.submission.cancel(row)
    assert (after.state, after.filled_quantity) == (S.FILLED, 10)
