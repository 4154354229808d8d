"""The order journal: intents are written once, steps follow the protocol, fills only grow."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backtest.core.errors import SignalFileError, UnresolvedError
from live.ledger.ledger import Ledger, OrderPlan
from live.ledger.orders import BROKER_ENDED
from live.model.order_state import JournalState as S

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
ID = "20261120_TQQQ_entry_buy"


def plan(client_order_id: str = ID, **changes: Any) -> OrderPlan:
    fields = {
        "variant": "golden",
        "session": date(2026, 11, 20),
        "mode": "offline_mock",
        "symbol": "TQQQ",
        "side": "buy",
        "intent": "entry",
        "quantity": 100,
        "reference_price": Decimal("81.25"),
    }
    return OrderPlan(client_order_id, **{**fields, **changes})


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened


def test_the_last_number_of_a_broker_is_that_of_plain_numbers(ledger: Ledger) -> None:
    assert ledger.orders.last_broker_number() == 0
    for symbol, name in (("AAA", "9"), ("BBB", "10"), ("CCC", "61e69015-8549")):
        planned = plan(f"20261120_{symbol}_entry_buy", symbol=symbol)
        ledger.orders.plan(planned, at=NOW)
        ledger.orders.transition(planned.client_order_id, S.SENDING, at=NOW)
        ledger.orders.transition(planned.client_order_id, S.ACKED, at=NOW, broker_order_id=name)
    assert ledger.orders.last_broker_number() == 10


def test_a_planned_order_is_on_record_with_its_first_event(ledger: Ledger) -> None:
    order = ledger.orders.plan(plan(details={"score": 7}), at=NOW)

    assert (order.state, order.quantity, order.filled_quantity) == ("PLANNED", 100, 0)
    assert order.reference_price == Decimal("81.25")
    assert order.details == {"score": 7}
    assert order.planned_at == NOW
    assert [event.state for event in ledger.orders.events(ID)] == ["PLANNED"]


def test_planning_the_same_trade_again_returns_the_row_as_it_stands(ledger: Ledger) -> None:
    ledger.orders.plan(plan(), at=NOW)
    ledger.orders.transition(ID, S.SENDING, at=NOW)

    again = ledger.orders.plan(
        plan(quote_price=Decimal("81.30"), seal="0" * 64), at=NOW + timedelta(minutes=1)
    )

    assert again.state == "SENDING"
    assert len(ledger.orders.recent()) == 1


@pytest.mark.parametrize(
    "change", [{"quantity": 99}, {"side": "sell"}, {"symbol": "QQQ"}, {"stop_price": Decimal(70)}]
)
def test_the_same_id_for_another_trade_is_refused_and_changes_nothing(
    ledger: Ledger, change: dict[str, Any]
) -> None:
    before = ledger.orders.plan(plan(), at=NOW)

    with pytest.raises(SignalFileError, match="already has this order with other values"):
        ledger.orders.plan(plan(**change), at=NOW)

    after = ledger.orders.get(ID)
    assert (after.quantity, after.side, after.symbol, after.stop_price) == (100, "buy", "TQQQ", None)
    assert after.id == before.id


def test_a_stop_price_with_more_digits_than_the_ledger_keeps_is_still_the_same_trade(ledger: Ledger) -> None:
    price = Decimal(1) / Decimal(3)
    ledger.orders.plan(plan(stop_price=price), at=NOW)

    assert ledger.orders.plan(plan(stop_price=price), at=NOW).stop_price == Decimal("0.333333")


def test_paper_and_live_may_use_the_same_id_on_the_same_day(ledger: Ledger) -> None:
    ledger.orders.plan(plan(), at=NOW)
    live = ledger.for_account("schwab-4321")

    live.orders.plan(plan(quantity=7, mode="online_live"), at=NOW)

    assert ledger.orders.get(ID).quantity == 100
    assert live.orders.get(ID).quantity == 7
    assert [order.account for order in live.orders.unfinished()] == ["schwab-4321"]


def test_the_usual_life_of_an_order_stamps_its_times(ledger: Ledger) -> None:
    ledger.orders.plan(plan(), at=NOW)
    ledger.orders.transition(ID, S.SENDING, at=NOW + timedelta(seconds=1), ids_before=["a"], body={"x": 1})
    ledger.orders.transition(ID, S.ACKED, at=NOW + timedelta(seconds=2), broker_order_id="77")
    ledger.orders.transition(ID, S.PARTIAL, at=NOW + timedelta(seconds=3), filled_quantity=40)
    done = ledger.orders.transition(
        ID, S.FILLED, at=NOW + timedelta(seconds=4), filled_quantity=100, average_price=Decimal("81.2")
    )

    assert done.sent_at == NOW + timedelta(seconds=1)
    assert done.ended_at == NOW + timedelta(seconds=4)
    assert (done.ids_before, done.body, done.broker_order_id) == (["a"], {"x": 1}, "77")
    assert [e.state for e in ledger.orders.events(ID)] == ["PLANNED", "SENDING", "ACKED", "PARTIAL", "FILLED"]
    assert ledger.orders.unfinished() == ()
    assert ledger.orders.bound_broker_ids() == {"77"}
    assert ledger.orders.by_broker_id("77").client_order_id == ID


def test_every_step_is_in_the_log_with_the_id_of_the_order(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "jutsu.orders")
    ledger.orders.plan(plan(), at=NOW)
    ledger.orders.plan(plan(), at=NOW)  # known already: no step
    ledger.orders.transition(ID, S.SENDING, at=NOW)
    ledger.orders.transition(ID, S.ACKED, at=NOW, broker_order_id="77")
    ledger.orders.transition(ID, S.ACKED, at=NOW)  # looked at again: no step
    ledger.orders.transition(ID, S.REJECTED, at=NOW, state_reason="no funds")
    assert [text.removeprefix(f"{ID} ") for text in caplog.messages] == [
        "PLANNED: buy 100 TQQQ, 0 filled",
        "SENDING: buy 100 TQQQ, 0 filled",
        "ACKED: buy 100 TQQQ, 0 filled, broker order 77",
        "REJECTED: buy 100 TQQQ, 0 filled, broker order 77: no funds",
    ]


@pytest.mark.parametrize("state", [S.SENDING, S.UNKNOWN, S.AMBIGUOUS])
def test_orders_nobody_knows_the_fate_of_are_unresolved(ledger: Ledger, state: S) -> None:
    ledger.orders.plan(plan(), at=NOW)
    ledger.orders.transition(ID, S.SENDING, at=NOW)
    ledger.orders.transition(ID, state, at=NOW)

    assert [order.state for order in ledger.orders.unresolved()] == [state]


def test_an_unknown_id_is_not_invented(ledger: Ledger) -> None:
    with pytest.raises(UnresolvedError, match="not in the ledger"):
        ledger.orders.transition("20261120_QQQ_exit_sell", S.SENDING, at=NOW)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([], (f"{ID}_r1", 1)),
        ([f"{ID}_r1", f"{ID}_r2"], (f"{ID}_r3", 3)),
        ([f"{ID}_r9", f"{ID}_r10"], (f"{ID}_r11", 11)),
    ],
)
def test_a_retry_takes_the_next_free_number(
    ledger: Ledger, known: list[str], expected: tuple[str, int]
) -> None:
    for name in [ID, *known, "20261120_TQQQX_entry_buy_r50"]:
        ledger.orders.plan(plan(name), at=NOW)

    assert ledger.orders.next_retry_id(ID) == expected
    assert ledger.orders.next_retry_id(f"{ID}_r1") == expected


def test_naive_times_are_refused(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="naive datetime"):
        ledger.orders.plan(plan(), at=datetime(2026, 11, 20, 15, 55))
    assert ledger.orders.get(ID) is None


NEVER_SEEN = {S.PLANNED, S.SENDING, S.UNKNOWN, S.AMBIGUOUS}
AT_BROKER = {S.ACKED, S.PENDING, S.WORKING, S.PARTIAL, S.CANCEL_PENDING, S.UNKNOWN_LIVE}


class Journal(RuleBasedStateMachine):
    """Whatever is asked: a refused step leaves the row alone, the others keep the promises."""

    @initialize()
    def begin(self) -> None:
        self.ledger = Ledger.open("sqlite://", account="paper", now=NOW)
        self.order = self.ledger.orders.plan(plan(), at=NOW)
        self.steps = 1

    @rule(state=st.sampled_from(list(S)), filled=st.none() | st.integers(-1, 101))
    def step(self, state: S, filled: Any) -> None:
        before = self.order
        fields = {} if filled is None else {"filled_quantity": filled}
        try:
            self.order = self.ledger.orders.transition(ID, state, at=NOW, **fields)
        except UnresolvedError:
            same = self.ledger.orders.get(ID)
            assert (same.state, same.filled_quantity) == (before.state, before.filled_quantity)
            return
        self.steps += 1
        was = S(before.state)
        assert self.order.state == state
        assert not was.terminal or state is was or {was, state} <= BROKER_ENDED
        assert not (was in AT_BROKER and state in NEVER_SEEN | {S.REFUSED, S.LAPSED, S.ABSENT})
        assert not (state is S.PLANNED and was not in {S.PLANNED, S.SENDING})
        assert before.filled_quantity <= self.order.filled_quantity <= 100

    @invariant()
    def every_step_is_on_record(self) -> None:
        if hasattr(self, "order"):
            assert len(self.ledger.orders.events(ID)) == self.steps

    @invariant()
    def lists_agree_with_the_state(self) -> None:
        if hasattr(self, "order"):
            state = S(self.order.state)
            assert bool(self.ledger.orders.unfinished()) is (not state.terminal)
            assert bool(self.ledger.orders.unresolved()) is state.unresolved

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()


TestJournal = Journal.TestCase
TestJournal.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
