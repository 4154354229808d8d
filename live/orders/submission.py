"""The order protocol: an order is sent at most once; an unknown fate stops its symbol and every buy.

    PLANNED ──journal──► SENDING ──POST──► ACKED ──► whatever the broker says, until it ends
                            ├─ definite no ───────► REFUSED
                            ├─ provably not sent ─► PLANNED (again, inside the window)
                            └─ no or odd reply ───► UNKNOWN ──look──► ACKED | AMBIGUOUS | REFUSED | ABSENT

The journal is written before and after each request (PLANNED and SENDING in one commit), so a kill at any
instant leaves a row that says what may have happened, or nothing was sent. With client order ids (protocol A)
an order is looked up by its id and may be sent again under the same id, which the broker would refuse twice.
Without (protocol B) it is looked for, never sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import (
    AuthenticationFailed,
    BrokerError,
    BrokerRefused,
    BrokerUnknown,
    NotSent,
    UnresolvedError,
)
from live.brokers.common import THROTTLED_WAIT, Throttled
from live.ledger.errors import LedgerUnavailable
from live.ledger.tables import Order
from live.model.broker import Broker, BrokerOrder
from live.model.order_state import JournalState
from live.orders.booking import book, cancel_asked
from live.orders.intended import Intended, journalled, seen_before
from live.orders.listing import LIST_LAG, LIST_MARGIN
from live.orders.matching import Sighting, differences, fate_unknown, look_for, request_of
from live.system.clock import Clock

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

#: seconds after the search began at which the broker is asked
READS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
ABSENT_AFTER_READS = 3
ABSENT_AFTER_SECONDS = 30.0
NOT_SENT_TRIES, NOT_SENT_WAIT = 3, 5.0
LONGEST_PAUSE = 65.0
#: seconds a request limit of the broker may hold up one order; limits hold for a minute
LONGEST_THROTTLE = 150.0
CANCEL_READS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: why an order went back to PLANNED at the last moment
NO_LONGER = "not sent: it may no longer leave (window, kill switch, approval or deadline)"
APP_TAG = "app_tag"


class Submission:
    """Sends, looks up, follows and cancels orders of one account.

    Args:
        broker: where orders go.
        ledger: the journal.
        clock: waits and time stamps.
        may_send: whether an order may still leave, asked immediately before every request; None asks for
            any order.
    """

    def __init__(
        self,
        broker: Broker,
        ledger: Ledger,
        clock: Clock,
        may_send: Callable[[Intended | None], bool] = lambda _: True,
    ) -> None:
        self._broker = broker
        self._ledger = ledger
        self._clock = clock
        self._may_send = may_send
        self._pause = NOT_SENT_WAIT
        self._throttled = False

    def open_for_orders(self) -> bool:
        """Whether an order may leave now (execution window, kill switch)."""
        return self._may_send(None)

    def send(self, order: Intended) -> Order:
        """Send a plan or a PLANNED order once and return what is known of it then.

        Returns:
            The row: acknowledged (and perhaps already filled), REFUSED, or PLANNED when it provably never
            left and may not be sent any more.

        Raises:
            UnresolvedError: its fate is unknown, or that of an order that must be resolved before it.
            AuthenticationFailed: nothing was sent, a person must log in.
        """
        self._refuse_while_unresolved(order)
        began, tries = self._clock.monotonic(), 0
        while self._may_send(order):
            order = row = self._post(order)
            if row.state != JournalState.PLANNED or row.state_reason == NO_LONGER:
                return row
            if self._throttled and self._clock.monotonic() + self._pause > began + LONGEST_THROTTLE:
                return row  # a limit of requests says nothing about the order: a later run sends it
            tries += not self._throttled
            if tries >= NOT_SENT_TRIES:
                return self._move(row, JournalState.REFUSED, reason=row.state_reason or "could not be sent")
            self._clock.sleep(self._pause)
        return journalled(self._ledger, order, at=self._clock.now())

    def _post(self, intended: Intended) -> Order:
        order = self._announce(intended)
        if not self._may_send(order):  # the reads before may have taken minutes, or a night asleep
            return self._move(order, JournalState.PLANNED, reason=NO_LONGER)
        try:
            order_id = self._broker.submit(request_of(order))
        except NotSent as error:
            self._throttled = isinstance(error, Throttled)
            usual = THROTTLED_WAIT if self._throttled else NOT_SENT_WAIT
            self._pause = min(usual if error.retry_after is None else error.retry_after, LONGEST_PAUSE)
            return self._move(order, JournalState.PLANNED, reason=f"not sent: {error.problem}")
        except AuthenticationFailed as error:
            self._move(order, JournalState.PLANNED, reason=f"not sent: {error.problem}")
            raise
        except BrokerRefused as error:
            return self._refused(order, error)
        except (BrokerUnknown, BrokerError) as error:
            # A broker error of any other kind does not say that nothing was accepted.
            return self._search(self._move(order, JournalState.UNKNOWN, reason=error.problem))
        return self._accepted(order, order_id)

    def _announce(self, order: Intended) -> Order:
        """Write down everything a later search needs, before the request can possibly leave.

        Raises:
            LedgerUnavailable: of the generation: the order is PLANNED again.
        """
        before = seen_before(self._broker, order.symbol, self._clock.now())
        now = self._clock.now()  # the request was not under way while the broker was asked
        with self._ledger.transaction():
            row = journalled(self._ledger, order, at=now)
            self._ledger.generation.raise_once(at=now)
            row = self._ledger.orders.transition(
                row.client_order_id,
                JournalState.SENDING,
                at=now,
                body=self._broker.body(request_of(row)),
                ids_before=before.ids,
                position_before=before.position,
                clock_offset_seconds=before.clock_offset_seconds,
                gave_up_at=None,
            )
        try:
            self._ledger.generation.write_once()
        except LedgerUnavailable as error:
            self._move(row, JournalState.PLANNED, reason=f"not sent: {error.problem}")
            raise
        return row

    def _accepted(self, order: Order, order_id: str | None) -> Order:
        """Check that the id in the reply is our order: some brokers have answered with another one's."""
        if order_id is not None and order_id not in self._taken(order):
            try:
                shown = self._broker.order(order_id)
            except BrokerError:
                shown = None
            if shown is not None and not differences(request_of(order), shown):
                return self.adopt(order, shown)
        why = "accepted, but the reply carries no usable order id"
        return self._search(self._move(order, JournalState.UNKNOWN, reason=why))

    def _refused(self, order: Order, error: BrokerRefused) -> Order:
        """A definite no; with client ids it may also mean that an earlier try arrived."""
        if self._broker.honours_client_id:
            try:
                shown = self._broker.find(order.client_order_id)
            except BrokerError:
                return self._search(self._move(order, JournalState.UNKNOWN, reason=error.problem))
            if shown is not None:
                return self._adopt_or_halt(order, shown)
        return self._move(order, JournalState.REFUSED, reason=error.problem)

    def _search(self, order: Order, *, may_repeat: bool = True) -> Order:
        """Look for an order whose reply is missing; see the module docstring for the outcomes."""
        began = self._clock.monotonic()
        reads = 0
        sighting = Sighting()
        for second in READS:
            self._clock.sleep(max(0.0, began + second - self._clock.monotonic()))
            try:
                sighting = self._look(order)
            except AuthenticationFailed:
                raise
            except BrokerError:
                continue  # a read that failed says nothing
            reads += 1
            if len(sighting.full) == 1 and self._list_is_complete(order):
                return self._adopt_or_halt(order, sighting.full[0])
            if len(sighting.full) > 1:
                raise self._ambiguous(order, sighting)
            patient = reads >= ABSENT_AFTER_READS and second >= ABSENT_AFTER_SECONDS
            if self._broker.honours_client_id and patient:
                return self._never_accepted(order, may_repeat=may_repeat)
        if sighting.near:
            raise self._ambiguous(order, sighting)
        raise self._unresolved(order)

    def _list_is_complete(self, order: Order) -> bool:
        """Tell whether our order would be listed by now: until then one match may be somebody else's."""
        assert order.sent_at is not None
        return self._broker.honours_client_id or self._clock.now() >= order.sent_at + LIST_LAG

    def _look(self, order: Order) -> Sighting:
        if self._broker.honours_client_id:
            found = self._broker.find(order.client_order_id)
            return Sighting() if found is None else Sighting(full=(found,))
        assert order.sent_at is not None
        now = self._clock.now()
        listed = self._broker.orders(order.sent_at - LIST_MARGIN, now + LIST_MARGIN)
        return look_for(
            order,
            listed,
            taken=self._taken(order),
            learnt_tag=self._ledger.state.get(APP_TAG),
            now=now,
        )

    def _never_accepted(self, order: Order, *, may_repeat: bool) -> Order:
        """Protocol A only: the broker never saw this id, so the very same id may be sent again."""
        why = "the broker does not know this id: it was never accepted"
        if may_repeat and self._may_send(order):
            order = self._announce(order)
            if not self._may_send(order):
                return self._move(order, JournalState.ABSENT, reason=why)
            try:
                order_id = self._broker.submit(request_of(order))
            except NotSent as error:
                return self._move(order, JournalState.PLANNED, reason=f"not sent: {error.problem}")
            except BrokerRefused as error:
                return self._refused(order, error)
            except (BrokerUnknown, BrokerError) as error:
                unknown = self._move(order, JournalState.UNKNOWN, reason=error.problem)
                return self._search(unknown, may_repeat=False)
            return self._accepted(order, order_id)
        return self._move(order, JournalState.ABSENT, reason=why)

    def _taken(self, order: Order) -> frozenset[str]:
        """Return ids that cannot be this order's: there before it was sent, or bound to another order."""
        return self._ledger.orders.bound_broker_ids() | frozenset(order.ids_before or ())

    def _adopt_or_halt(self, order: Order, shown: BrokerOrder) -> Order:
        if differences(request_of(order), shown):
            raise self._ambiguous(order, Sighting(near=(shown,)))
        return self.adopt(order, shown)

    def adopt(self, order: Intended, shown: BrokerOrder) -> Order:
        """Bind a broker's order to ours, or to a plan, and book what it has already filled."""
        now = self._clock.now()
        with self._ledger.transaction():
            row = journalled(self._ledger, order, at=now)
            acked = self._ledger.orders.transition(
                row.client_order_id, JournalState.ACKED, at=now, broker_order_id=shown.order_id
            )
            if shown.tag is not None and self._ledger.state.get(APP_TAG) is None:
                self._ledger.state.set(APP_TAG, shown.tag, at=now)
            return book(self._ledger, acked, shown, at=now)

    def refresh(self, order: Order) -> Order:
        """Ask the broker about an acknowledged order and book what is new.

        An order the broker cannot find any more stays live in our books: absence from a reply proves nothing.
        """
        shown = self._shown(order)
        if shown is None:
            if order.state == JournalState.UNKNOWN_LIVE:
                return order
            return self._move(order, JournalState.UNKNOWN_LIVE, reason="the broker does not show this order")
        return book(self._ledger, order, shown, at=self._clock.now())

    def look_again(self, order: Order) -> Order:
        """Ask about an order that has ended and book what it filled after all.

        Some brokers confirm a cancel before the last fill is counted. Nothing but a further fill changes
        anything; one whose executions are not all listed yet waits for the next look.
        """
        shown = self._shown(order)
        if shown is None or not shown.state.terminal:
            return order
        executed = sum(execution.quantity for execution in shown.executions)
        if executed <= order.filled_quantity or executed < shown.filled_quantity:
            return order
        return book(self._ledger, order, shown, at=self._clock.now())

    def _shown(self, order: Order) -> BrokerOrder | None:
        """Return an order as the broker shows it; its executions may lag behind its filled quantity."""
        assert order.broker_order_id is not None
        shown = self._broker.order(order.broker_order_id)
        for _ in range(2):
            if shown is None or sum(e.quantity for e in shown.executions) >= shown.filled_quantity:
                break
            self._clock.sleep(1.0)
            shown = self._broker.order(order.broker_order_id)
        return shown

    def cancel(self, order: Order) -> Order:
        """Cancel an acknowledged order and wait until the broker says how it ended.

        A refused cancel is no answer: the order may just have filled. The outcome is always read back. The
        returned row is still live when the broker did not confirm in time.
        """
        if JournalState(order.state).terminal:
            return order
        assert order.broker_order_id is not None
        order = cancel_asked(self._ledger, order, at=self._clock.now())
        began = self._clock.monotonic()
        asked = False
        for second in CANCEL_READS:
            self._clock.sleep(max(0.0, began + second - self._clock.monotonic()))
            asked = asked or self._ask_to_cancel(order)
            try:
                order = self.refresh(order)
            except AuthenticationFailed:
                raise
            except BrokerError:
                continue
            if JournalState(order.state).terminal:
                break
            asked = asked and order.state == JournalState.CANCEL_PENDING
        return order

    def _ask_to_cancel(self, order: Order) -> bool:
        """Ask once; False when the broker did not take the request. Asking again is safe."""
        assert order.broker_order_id is not None
        try:
            self._broker.cancel(order.broker_order_id)
        except AuthenticationFailed:
            raise
        except BrokerError:
            return False
        return True

    def recover(self, order: Order, *, today: date) -> Order:
        """Find out what became of an order that an earlier run left unfinished.

        Args:
            order: a row of `ledger.orders.unfinished()`.
            today: the session date of this run.

        Returns:
            The row with what is known now. PLANNED rows come back as they are: they never left.

        Raises:
            UnresolvedError: still unknown, or ambiguous.
        """
        state = JournalState(order.state)
        if state is JournalState.PLANNED:
            return order
        if state is JournalState.AMBIGUOUS:
            raise self._unresolved(order)
        if not state.unresolved:
            return self.refresh(order)
        assert order.sent_at is not None
        if order.sent_at.astimezone(NEW_YORK).date() < today:
            return self._recover_past(order)
        return self._search(order, may_repeat=False)

    def _recover_past(self, order: Order) -> Order:
        """A day later everything that was accepted must be listed: one good look decides."""
        sighting = self._look(order)
        if len(sighting.full) == 1:
            return self._adopt_or_halt(order, sighting.full[0])
        if sighting.full or sighting.near:
            raise self._ambiguous(order, sighting)
        if not self._broker.honours_client_id:
            held = self._broker.account().shares().get(order.symbol, 0)
            if held != order.position_before:
                raise self._unresolved(order)
        return self._move(order, JournalState.ABSENT, reason="never listed by the broker, position unchanged")

    def _refuse_while_unresolved(self, order: Intended) -> None:
        """A buy waits for every unresolved order (its cash may be spent), a sale for those of its symbol."""
        for other in self._ledger.orders.unresolved():
            if order.side == "buy" or other.symbol == order.symbol:
                raise self._unresolved(other)

    def _ambiguous(self, order: Order, sighting: Sighting) -> UnresolvedError:
        """Stop for a person: several orders, or one that is not quite ours, could be it."""
        ids = ", ".join(shown.order_id for shown in (*sighting.full, *sighting.near))
        if order.state != JournalState.AMBIGUOUS:
            self._move(order, JournalState.AMBIGUOUS, reason=f"could be any of: {ids}")
        return fate_unknown(order, f"the order could be any of these at the broker: {ids}")

    def _unresolved(self, order: Order) -> UnresolvedError:
        why = order.state_reason or order.state
        return fate_unknown(order, f"nobody knows whether the broker has this order ({why})")

    def _move(self, order: Order, state: JournalState, *, reason: str) -> Order:
        now = self._clock.now()
        return self._ledger.orders.transition(order.client_order_id, state, at=now, state_reason=reason)
