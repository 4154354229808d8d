"""What an event means for the account: an ordinary order of the journal, sent once, whatever is killed.

An entry leaves with its stop and its target. The broker ends a position at either by itself; the session
takes that order into the journal. What the session ends (its end, a halt) is an order of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from backtest.core.errors import DisagreementError
from backtest.simulator.intraday import events as words
from backtest.simulator.intraday.events import Event
from live.handoff.orb_plan import OrbPlan, session_order_id
from live.ledger.orders import OrderPlan
from live.model.order_ids import retry_id
from live.model.order_state import JournalState
from live.model.run import ORB_BOOK
from live.orders.matching import CLOSES, TARGET
from live.orders.submission import Submission

if TYPE_CHECKING:
    from backtest.core.decision import Side
    from backtest.simulator.intraday.session_trade import SessionTrade
    from live.brokers.paper.intraday import IntradayPaperBroker
    from live.ledger.ledger import Ledger
    from live.ledger.tables import Order
    from live.system.clock import Clock

#: ends that the broker brought about by itself
_BY_BROKER: Final = frozenset({words.TARGET_HIT, words.STOP_HIT, words.AMBIGUOUS})
_REMEDY: Final = "compare state/orb with `jutsu trades`; nothing more is entered until they agree"


@dataclass(frozen=True, slots=True)
class SessionOrders:
    """The orders of one session.

    Attributes:
        plan: whose.
        ledger: with the journal. broker: the paper account. clock: source of time.
    """

    plan: OrbPlan
    ledger: Ledger
    broker: IntradayPaperBroker
    clock: Clock

    def carry_out(self, event: Event, trade: SessionTrade) -> None:
        """Do what an event asks for, once; done already, it changes nothing.

        Raises:
            DisagreementError: 4, the account does not do or hold what the session says.
            UnresolvedError: 8, the fate of an order is unknown.
        """
        if event.type == "ENTRY":
            self._filled(self._entry(event, trade))
        elif event.type in {"EXIT", "SCRATCH"}:
            if event.reason in _BY_BROKER:
                self._ended(event, trade)
            else:
                self._filled(self._closing(event, trade))

    def entry_of(self, trade: SessionTrade) -> str:
        """Return the id of the entry that filled; that of the first try where none did."""
        name = session_order_id(self.plan, trade.strategy.id, "entry", _side(trade.side))
        found = [row for row in self._tries(name) if row.state == JournalState.FILLED]
        return found[-1].client_order_id if found else name

    def _entry(self, event: Event, trade: SessionTrade) -> OrderPlan:
        limited = event.reason == words.LIMIT_TOUCHED
        price = None if event.price is None else _exact(event.price)
        return OrderPlan(
            **self._common(event, trade, "entry", _side(trade.side)),
            order_type="limit" if limited else "market",
            reference_price=price,
            stop_price=_exact(trade.price(trade.stop)),
            limit_price=price if limited else None,
            details={
                TARGET: str(_exact(trade.price(trade.target))),
                "strategy_id": trade.strategy.id,
                "event_id": event.event_id,
            },
        )

    def _closing(self, event: Event, trade: SessionTrade) -> OrderPlan:
        entry = self.entry_of(trade)
        return OrderPlan(
            **self._common(event, trade, "exit", _side(-trade.side)),
            order_type="market",
            parent_client_order_id=entry,
            reference_price=None if event.price is None else _exact(event.price),
            details={CLOSES: entry, "strategy_id": trade.strategy.id, "event_id": event.event_id},
        )

    def _ended(self, event: Event, trade: SessionTrade) -> None:
        """Take into the journal the order with which the broker ended a position."""
        entry = self.entry_of(trade)
        shown = self.broker.ended_by(entry)
        if shown is None or shown.average_price is None:
            raise self._differs(f"the session ended {entry} ({event.reason}), the account did not")
        if event.price is None or abs(float(shown.average_price) - event.price) > float(
            self.plan.instrument.tick
        ):
            raise self._differs(f"{entry} ended at {shown.average_price}, the session says {event.price}")
        at_target = event.reason == words.TARGET_HIT
        planned = OrderPlan(
            **self._common(event, trade, "exit" if at_target else "stop", _side(-trade.side)),
            order_type="limit" if at_target else "stop",
            parent_client_order_id=entry,
            stop_price=None if at_target else _exact(trade.price(trade.stop)),
            limit_price=_exact(trade.price(trade.target)) if at_target else None,
            details={"strategy_id": trade.strategy.id, "event_id": event.event_id},
        )
        row = self.ledger.orders.plan(planned, at=self.clock.now())
        if not JournalState(row.state).terminal:
            Submission(self.broker, self.ledger, self.clock).adopt(row, shown)

    def _common(self, event: Event, trade: SessionTrade, intent: str, side: Side) -> dict[str, Any]:
        return {
            "client_order_id": session_order_id(self.plan, trade.strategy.id, intent, side),
            "variant": ORB_BOOK,
            "session": date.fromisoformat(self.plan.trading_day),
            "mode": self.plan.mode,
            "symbol": self.plan.instrument.symbol,
            "side": side,
            "intent": intent,
            "quantity": event.contracts,
            "reason": event.reason,
            "seal": self.plan.seal.digest,
        }

    def _filled(self, planned: OrderPlan) -> None:
        """Bring an order to its fill: plan it, send it, or find out what an earlier run did of it."""
        tries = self._tries(planned.client_order_id)
        row = tries[-1] if tries else self.ledger.orders.plan(planned, at=self.clock.now())
        if JournalState(row.state).unresolved:
            row = self._found_again(row)
        if row.state == JournalState.ABSENT:
            row = self.ledger.orders.plan(self._again(planned), at=self.clock.now())
        if row.state == JournalState.PLANNED:
            row = Submission(self.broker, self.ledger, self.clock).send(row)
        elif not JournalState(row.state).terminal:
            row = Submission(self.broker, self.ledger, self.clock).refresh(row)
        if row.state != JournalState.FILLED:
            raise self._differs(f"{row.client_order_id} is {row.state}: {row.state_reason}")

    def _found_again(self, row: Order) -> Order:
        """Return what became of an order without a reply: the paper account knows it, or never had it."""
        shown = self.broker.find(row.client_order_id)
        if shown is not None:
            return Submission(self.broker, self.ledger, self.clock).adopt(row, shown)
        return self.ledger.orders.transition(
            row.client_order_id,
            JournalState.ABSENT,
            at=self.clock.now(),
            state_reason="the paper account never had it",
        )

    def _again(self, planned: OrderPlan) -> OrderPlan:
        name, attempt = self.ledger.orders.next_retry_id(planned.client_order_id)
        return replace(planned, client_order_id=name, attempt=attempt)

    def _tries(self, name: str) -> list[Order]:
        """Return every try of an order, the first one first."""
        found: list[Order] = []
        row = self.ledger.orders.get(name)
        while row is not None:
            found.append(row)
            row = self.ledger.orders.get(retry_id(name, len(found)))
        return found

    def _differs(self, problem: str) -> DisagreementError:
        return DisagreementError(problem, where=self.plan.plan_id, remedy=_REMEDY)


def _side(sign: int) -> Side:
    return "buy" if sign > 0 else "sell"


def _exact(price: float) -> Decimal:
    """Return the shortest decimal that reads back as a price."""
    return Decimal(repr(float(price)))
