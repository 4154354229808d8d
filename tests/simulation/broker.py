"""The broker as our program meets it: the shipped paper broker behind a line that delays, loses and lies.

The account behind it is the truth that the judge reads. Every call is two steps of the machine, so a process
can die before the request leaves and after the effect is there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown, NotSent
from live.brokers.paper.broker import PaperBroker
from live.brokers.paper.engine import PaperEngine
from live.brokers.paper.store import PaperOrder
from live.model.broker import Account, BrokerOrder, OrderRequest, OrderState
from tests.simulation.clock import WorldClock
from tests.simulation.crash import Machine
from tests.simulation.faults import ORDER_KINDS, QUOTE_KINDS, Fault

Answer = TypeVar("Answer")
EVER = datetime(1970, 1, 1, tzinfo=UTC)
LATENCY = 0.15  # seconds a call takes


class Door(Protocol):
    """Who watches every order that reaches the broker."""

    def order_arrives(self, request: OrderRequest) -> None:
        """Judge one request before the broker sees it."""
        ...

    def doubled(self) -> None:
        """Hear that the line delivered a request twice and the broker took both."""
        ...


@dataclass
class Line:
    """What happens to the calls of one program run.

    Attributes:
        faults: of this run. happened: those that really did.
        left_at: when the newest order left, by our clock and in truth.
        kill: what the person does when `kill_meanwhile` comes.
        answers: question -> newest answer. newest_order: id of the order accepted last, empty before it.
    """

    faults: tuple[Fault, ...]
    clock: WorldClock
    machine: Machine
    kill: Callable[[], None]
    happened: list[Fault] = field(default_factory=list)
    submits: int = 0
    cancels: int = 0
    reads: int = 0
    calls: int = 0
    asked: int = 0
    answers: dict[Hashable, Any] = field(default_factory=dict)
    newest_order: str = ""
    changed_at: datetime | None = None
    last_look: datetime | None = None
    left_at: tuple[datetime, datetime] = (EVER, EVER)

    def call(self) -> None:
        """Count a call and let happen what is due at it."""
        self.calls += 1
        self.clock.sleep(LATENCY)
        for fault in self.faults:
            if fault.n != self.calls or fault.kind not in {"clock_jump", "suspend", "kill_meanwhile"}:
                continue
            self.happened.append(fault)
            if fault.kind == "clock_jump":
                self.clock.error += timedelta(seconds=fault.size)
            elif fault.kind == "suspend":
                self.clock.suspend(fault.size)
            else:
                self.kill()

    def at_submit(self) -> str:
        """Return the kind of fault that the next order meets, empty without one."""
        self.submits += 1
        return self._first(ORDER_KINDS, lambda fault: fault.n == self.submits)

    def at_cancel(self) -> bool:
        """Whether the next cancel comes late."""
        self.cancels += 1
        return bool(self._first({"slow_cancel"}, lambda fault: fault.n == self.cancels))

    def at_read(self) -> bool:
        """Whether the next look fails."""
        self.reads += 1
        return bool(self._first({"unreadable"}, lambda f: f.n <= self.reads < f.n + max(1, f.size)))

    def at_question(self) -> str:
        """Return the kind of fault that the next answer about prices has, empty without one."""
        self.asked += 1
        return self._first(QUOTE_KINDS, lambda f: f.n <= self.asked < f.n + max(1, f.size))

    def answered(self, question: Hashable, answer: Answer) -> tuple[Answer, bool]:
        """Return the answer to a look and True, or the one before it once more and False."""
        before, self.answers[question] = self.answers.get(question), answer
        old = before is not None and self._first(
            {"repeated_answer"}, lambda f: f.n <= self.reads < f.n + max(1, f.size)
        )
        return (before, False) if before is not None and old else (answer, True)

    def lags(self, kind: str) -> float:
        """Return how many seconds an answer of this kind is behind, 0: none."""
        found = [f for f in self.faults if f.kind == kind]
        if found and found[0] not in self.happened:
            self.happened.append(found[0])
        return found[0].size if found else 0.0

    def _first(self, kinds: AbstractSet[str], due: Callable[[Fault], bool]) -> str:
        for fault in self.faults:
            if fault.kind in kinds and due(fault):
                if fault not in self.happened:
                    self.happened.append(fault)
                return fault.kind
        return ""


Fates = Callable[[PaperOrder], str]


class Engine(PaperEngine):
    """Time of the paper account, with a fate for single orders."""

    fates: Fates

    def _advance_market(self, order: PaperOrder, quote: Any, running: Any) -> None:
        kept, fate = self.fault, self.fates(order)
        if fate == "cancel_race":  # it waits for its cancel, and fills while that is under way
            fate = "none" if order.state is OrderState.CANCEL_PENDING else "never"
        self.fault = fate if fate in {"partial", "slow", "never", "reject"} else "none"  # type: ignore[assignment]
        super()._advance_market(order, quote, running)
        self.fault = kept


class SimulatedBroker:
    """The paper broker at the other end of the line; see `live.model.broker.Broker`."""

    def __init__(self, inner: PaperBroker, line: Line, door: Door, fates: Fates) -> None:
        self._inner, self._line, self._door, self._fates = inner, line, door, fates
        engine: PaperEngine = inner._engine
        engine.__class__ = Engine
        assert isinstance(engine, Engine)
        engine.fates = fates
        self._engine = engine
        self._before: Account | None = None
        self.name = inner.name
        self.honours_client_id = inner.honours_client_id
        self.supports_attached_stop = inner.supports_attached_stop

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def clock_offset(self) -> timedelta | None:
        """Return what the broker's clock is ahead of ours."""
        return -self._line.clock.error

    def _look(self, name: str) -> None:
        self._line.machine.step(f"before broker.{name}")
        self._line.call()
        if self._line.at_read():
            raise BrokerError("no answer (simulated)", where=name, remedy="run again")

    def account(self) -> Account:
        """Return balances and positions, perhaps those of before the last change."""
        self._look("account")
        lag, changed = self._line.lags("lagging_account"), self._line.changed_at
        if lag and changed and self._before and self._line.clock.true < changed + timedelta(seconds=lag):
            return self._before
        found, new = self._line.answered("account", self._inner.account())
        if new:
            self._before, self._line.last_look = found, self._line.clock.true
        return found

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return the list, perhaps without the newest orders."""
        self._look("orders")
        error = self._line.clock.error
        found = self._inner.orders(since - error, until - error)
        lag = self._line.lags("lagging_list")
        if lag:
            newest = self._line.clock.true - timedelta(seconds=lag)
            found = [shown for shown in found if shown.entered_at is None or shown.entered_at <= newest]
        return self._line.answered("orders", found)[0]

    def resting(self, before: datetime) -> Sequence[BrokerOrder]:
        """Return what lives from before the list; it comes with the list, and is no look of its own."""
        return self._inner.resting(before - self._line.clock.error)

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order."""
        self._look("order")
        return self._line.answered(("order", order_id), self._inner.order(order_id))[0]

    def family(self, order_id: str) -> Sequence[BrokerOrder]:
        """Return an order and what is attached to it; like Schwab and Alpaca it does not lag here."""
        self._look("family")
        parent = self._inner.order(order_id)
        number = int(order_id)
        children = [self._inner.order(str(child.id)) for child in self._inner._store.children(number)]
        return [shown for shown in (parent, *children) if shown is not None]

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Return the order with this client id."""
        self._look("find")
        return self._line.answered(("find", client_order_id), self._inner.find(client_order_id))[0]

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Return the request as it is journalled."""
        return self._inner.body(request)

    def submit(self, request: OrderRequest) -> str | None:
        """Take an order to the broker, or lose it, or lose the answer."""
        self._line.machine.step("before broker.submit")
        self._line.left_at = self._line.clock.now(), self._line.clock.true
        self._line.call()
        fate = self._line.at_submit()
        if fate == "not_sent":
            raise NotSent("the line was busy (simulated)")
        self._door.order_arrives(request)
        if fate == "lost_request":
            raise BrokerUnknown("the request was lost (simulated)", where=request.client_order_id)
        if fate == "refused":
            raise BrokerRefused("not today (simulated)", where=request.client_order_id)
        order_id = self._inner.submit(request)
        before, self._line.newest_order = self._line.newest_order, str(order_id)
        self._line.changed_at = self._line.clock.true
        self._line.machine.step("after broker.submit")
        if fate == "lost_reply":
            raise BrokerUnknown("the reply was lost (simulated)", where=request.client_order_id)
        if fate == "doubled_request":
            self._once_more(request)
        if fate == "repeated_reply" and before:
            return before
        return "1" if fate == "odd_reply" else order_id

    def _once_more(self, request: OrderRequest) -> None:
        """The line delivers the request again; BrokerRefused: the broker knows its name, and says so."""
        try:
            self._inner.submit(request)
        except BrokerRefused:
            if self.honours_client_id:
                raise
        else:
            self._door.doubled()

    def cancel(self, order_id: str) -> None:
        """Take a cancel to the broker."""
        self._look("cancel")
        found = self._inner._store.find(number=int(order_id)) if order_id.isdecimal() else None
        fate = "none" if found is None else self._fates(found)
        late = self._line.at_cancel() or fate in {"late_cancel", "cancel_race"}
        self._engine.fault = "late_cancel" if late else "none"
        try:
            self._inner.cancel(order_id)
        finally:
            self._engine.fault = "none"
        self._line.changed_at = self._line.clock.true
        self._line.machine.step("after broker.cancel")
