"""One order per event, whatever an earlier process left of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backtest.core.errors import BrokerUnknown, DisagreementError
from backtest.simulator.intraday.engine import SessionEngine
from backtest.simulator.intraday.events import Event
from live.brokers.paper.intraday import FillTerms, IntradayPaperBroker
from live.handoff.orb_plan import OrbPlan, session_order_id
from live.handoff.orb_plan_check import plan_of
from live.ledger.ledger import Ledger
from live.model.order_ids import is_session_order, parse
from live.model.order_state import JournalState
from live.session.orders import SessionOrders
from live.system.clock import SimulatedClock
from tests.support.orb_live import DAY, OrbWorld

#: what a process may have left of an order before it died
LEFT = ("nothing", "planned", "sending", "at the broker", "unknown", "absent")


class At:
    """An engine that stands right after its first entry, a paper account at that bar, and orders."""

    def __init__(self, world: OrbWorld) -> None:
        with world.ledger() as ledger:
            row = ledger.signals.get(DAY, "orb")
            assert row is not None
            self.plan: OrbPlan = plan_of(row.content)
        from live.session.plan import session_plan

        self.engine = SessionEngine(session_plan(self.plan))
        self.clock = SimulatedClock(world.bars[0].minute)
        self.broker = IntradayPaperBroker(
            None, clock=self.clock, terms=FillTerms(10.0, 8.4), initial_cash=50_000
        )
        self.ledger = Ledger.open("sqlite://", account="paper-orb", now=self.clock.now())
        self.orders = SessionOrders(self.plan, self.ledger, self.broker, self.clock)
        self.bars: Iterator[object] = iter(world.bars)
        self.entry = self.until("ENTRY")
        self.trade = self.engine.trades[self.entry.strategy_id]

    def until(self, kind: str) -> Event:
        for bar in self.bars:
            self.clock.set(bar.minute + timedelta(minutes=1))  # type: ignore[attr-defined]
            self.broker.take(bar)  # type: ignore[arg-type]
            for event in self.engine.on_bar(bar):  # type: ignore[arg-type]
                if event.type == kind:
                    return event
        raise AssertionError(kind)

    @property
    def name(self) -> str:
        side = "buy" if self.entry.direction == "long" else "sell"
        return session_order_id(self.plan, self.entry.strategy_id, "entry", side)


@pytest.fixture
def at(tmp_path: Path) -> At:
    return At(OrbWorld(tmp_path).short())


def left(at: At, what: str) -> None:
    """Bring the journal and the account to what a killed process left."""
    if what == "nothing":
        return
    row = at.ledger.orders.plan(at.orders._entry(at.entry, at.trade), at=at.clock.now())
    if what == "planned":
        return
    name, orders = row.client_order_id, at.ledger.orders
    orders.transition(name, JournalState.SENDING, at=at.clock.now())
    if what == "at the broker":
        from live.orders.matching import request_of

        at.broker.submit(request_of(row))
    if what in {"unknown", "absent"}:
        orders.transition(name, JournalState.UNKNOWN, at=at.clock.now())
    if what == "absent":
        orders.transition(name, JournalState.ABSENT, at=at.clock.now())


@pytest.mark.parametrize("what", LEFT)
def test_an_entry_is_filled_exactly_once(at: At, what: str) -> None:
    left(at, what)
    for _ in range(2):
        at.orders.carry_out(at.entry, at.trade)
    rows = at.ledger.orders.of_session(DAY)
    assert [row.state for row in rows if row.state != "ABSENT"] == ["FILLED"]
    assert list(at.broker.open_entries()) == [at.orders.entry_of(at.trade)]
    assert abs(next(iter(at.broker.open_entries().values()))) == at.entry.contracts
    retried = what in {"sending", "unknown", "absent"}
    assert at.orders.entry_of(at.trade) == (f"{at.name}_r1" if retried else at.name)


def test_a_lost_reply_is_looked_up_and_not_sent_again(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = at.broker.submit

    def lost(request: object) -> str:
        submit(request)  # type: ignore[arg-type]
        raise BrokerUnknown("no reply")

    monkeypatch.setattr(at.broker, "submit", lost)
    at.orders.carry_out(at.entry, at.trade)
    assert [row.state for row in at.ledger.orders.of_session(DAY)] == ["FILLED"]


def test_the_id_says_plan_and_strategy_and_is_no_id_of_a_signal_file(at: At) -> None:
    assert at.name.startswith("20240105_MGC_entry_")
    assert is_session_order(at.name)
    assert is_session_order(f"{at.name}_r2")
    assert parse(at.name) is None
    assert not is_session_order("20240105_MGC_entry_buy")
    others = {session_order_id(at.plan, one.strategy_id, "entry", "buy") for one in at.plan.strategies}
    assert len(others) == len(at.plan.strategies)


def test_an_end_that_the_account_does_not_know_stops(at: At) -> None:
    end = Event(99, at.entry.ts, "EXIT", at.entry.strategy_id, at.entry.direction, 1.0, 1, "target_hit")
    with pytest.raises(DisagreementError, match="the account did not"):
        at.orders.carry_out(end, at.trade)


def test_events_without_an_order_do_nothing(at: At) -> None:
    for kind in ("ARMED", "CONFIRMED", "REJECT", "CANCEL"):
        one = Event(1, at.entry.ts, kind, at.entry.strategy_id, at.entry.direction, None, 0, "")
        at.orders.carry_out(one, at.trade)
    assert not at.ledger.orders.of_session(DAY)


def test_what_the_broker_ended_is_booked_once_whatever_was_left(at: At) -> None:
    at.orders.carry_out(at.entry, at.trade)
    end = at.until("EXIT")
    while end.strategy_id != at.entry.strategy_id:
        end = at.until("EXIT")
    for _ in range(2):
        at.orders.carry_out(end, at.trade)
    entry, exit_ = at.ledger.orders.of_session(DAY)
    assert exit_.parent_client_order_id == entry.client_order_id
    assert exit_.state == "FILLED"
    assert float(exit_.average_price or 0) == end.price
    assert not at.broker.open_entries()
