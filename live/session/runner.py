"""One pass over a session: the bars that are new, what follows from them, orders, journal.

The session engine plays every bar acted on so far from the start of the day, so a restart at any bar comes to
the same events. Each step is on the disk before the next begins: bars, events, orders, journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.errors import DataError, DisagreementError
from backtest.simulator.intraday.engine import MinuteBar, SessionEngine
from backtest.simulator.intraday.events import Event
from live.session.bars import MINUTE, read_bars
from live.session.events import ActedBar, SessionFiles, event_line
from live.session.gates import ACCOUNT_DIFFERS, acted_on, held_because
from live.session.journal import keep_trades
from live.session.orders import SessionOrders
from live.session.plan import session_plan

if TYPE_CHECKING:
    from live.brokers.paper.intraday import IntradayPaperBroker
    from live.handoff.approval import Standing
    from live.handoff.orb_plan import OrbPlan
    from live.runtime.orb import OrbContext


@dataclass(slots=True)
class SessionRun:
    """A session that is being carried out.

    Attributes:
        orb: the book: ledger, settings, folders, clock.
        plan: what was approved. standing: what stands behind it.
        broker: the paper account. folder: of the bars and events of the day.
        engine: the session so far. files: its bars and events. orders: what events mean for the account.
        new: events of this pass. held_now: what keeps entries out at its time, empty when nothing does.
    """

    orb: OrbContext
    plan: OrbPlan
    standing: Standing
    broker: IntradayPaperBroker
    folder: Path
    engine: SessionEngine = field(init=False)
    files: SessionFiles = field(init=False)
    orders: SessionOrders = field(init=False)
    new: list[Event] = field(default_factory=list)
    held_now: str = ""
    _held: dict[datetime, str] = field(default_factory=dict)
    _known: list[str] = field(default_factory=list)
    _done: int = 0

    def __post_init__(self) -> None:
        """Play the bars acted on so far; what an earlier run left undone of them is done."""
        context = self.orb.context
        self.engine = SessionEngine(session_plan(self.plan))
        self.engine.blocked = lambda minute: self._held.get(minute, "")
        self.files = SessionFiles(self.folder, durable=context.run.durable)
        self.orders = SessionOrders(self.plan, context.ledger, self.broker, context.clock)
        self._known = self.files.events()
        self._play(self.files.acted())

    @property
    def day(self) -> date:
        """The trading day."""
        return self.engine.plan.day.day

    @property
    def bars(self) -> int:
        """How many bars were acted on."""
        return len(self._held)

    def advance(self) -> None:
        """Act on the bars that are new, and end the session when its time has come.

        Raises:
            DataError: 5, bars cannot be used. DisagreementError: 4, the account differs from the session.
            UnresolvedError: 8, the fate of an order is unknown.
        """
        self.new.clear()
        if self.engine.over:
            return
        now, end = self.orb.context.clock.now(), self.engine.plan.end
        bars = self._new_bars(now)
        mine = [bar for bar in bars if bar.minute < end]
        self.held_now = self._held_by()
        acted = acted_on(mine, self.held_now, now, max_age_minutes=self._patience)
        self.files.act_on(acted)
        self._play(acted)
        if len(mine) < len(bars) or now >= end + timedelta(minutes=self._patience):
            self._follow(self.engine.end())
        self._require_agreement()
        keep_trades(self.orb.context.ledger, self.engine, self.plan.plan_id, at=now)

    @property
    def _patience(self) -> float:
        return self.orb.settings.max_bar_age_minutes

    def _held_by(self) -> str:
        """Return what keeps entries out of new bars; that the account differs from the session does too."""
        mine, theirs = self._positions()
        if mine != theirs:
            return ACCOUNT_DIFFERS
        context = self.orb.context
        return held_because(
            context.ledger, self.broker.account(), self.standing, context.settings.safety, self.day
        )

    def _new_bars(self, now: datetime) -> Sequence[MinuteBar]:
        """Return the bars of the file after those acted on; DataError: 5, they cannot be used."""
        plan, settings = self.engine.plan, self.orb.settings
        newest = max(self._held, default=None)
        found = read_bars(
            self.orb.bars,
            since=plan.day.start if newest is None else newest + MINUTE,
            until=now,
            stamp=settings.stamp,
            scale=self.plan.price_scale,
        )
        return [bar for bar in found if bar.minute < plan.day.end]

    def _play(self, acted: Sequence[ActedBar]) -> None:
        """Let bars that are written down happen: at the account, in the session, for its orders."""
        for one in acted:
            self._held[one.bar.minute] = one.held
            self.broker.take(one.bar)
            self._follow(self.engine.on_bar(one.bar))

    def _follow(self, events: Sequence[Event]) -> None:
        """Write down what happened, then carry it out."""
        if not events:
            return
        known = self._known[self._done : self._done + len(events)]
        lines = [event_line(event) for event in events]
        if lines[: len(known)] != known:
            raise DataError(
                f"the events of {events[0].ts:%H:%M} are not those of the file",
                where=str(self.files.folder),
                remedy="bars.jsonl or events.jsonl was changed, or another version wrote it",
            )
        fresh = events[len(known) :]
        self.files.append(fresh)
        self.new += fresh
        self._done += len(events)
        for event in events:
            self.orders.carry_out(event, self.engine.trades[event.strategy_id])

    def _require_agreement(self) -> None:
        """Compare the open trades of the session with the positions of the account. DisagreementError: 4."""
        mine, theirs = self._positions()
        if mine != theirs:
            raise DisagreementError(
                f"the session holds {mine or 'nothing'}, the paper account {theirs or 'nothing'}",
                where=self.plan.plan_id,
                remedy="nothing more is entered until they agree: compare state/orb with `jutsu trades`",
            )

    def _positions(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return entry id -> contracts, negative for short ones: of the session, and of the account."""
        mine = {
            self.orders.entry_of(trade): trade.side * trade.contracts
            for trade in self.engine.trades.values()
            if trade.state == "ENTERED"
        }
        return mine, self.broker.open_entries()
