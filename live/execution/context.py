"""What the phases of one run share: the account, the job, and the notes for summary, run log and alerts."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backtest.trading.risk.breakers import seconds_to_wait
from live.ledger.tables import Order
from live.model.order_ids import OrderName
from live.orders.attempts import Attempts, by_intent, of_intent

if TYPE_CHECKING:
    from backtest.calendar.sessions import Session
    from backtest.core.errors import Finding
    from live.execution.job import Job, Phase
    from live.execution.price_gate import PriceGate
    from live.handoff.model import SignalOrder
    from live.ledger.ledger import Ledger
    from live.model.broker import Broker
    from live.model.feed import Feed, Quote
    from live.orders.submission import Submission
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings
    from live.system.clock import Clock

LOG = logging.getLogger("jutsu.executor")


@dataclass
class RunNotes:
    """What happened in one run, for the summary, the run log and the alerts.

    Attributes:
        warnings: for the summary of the day. critical: for an alert at once.
        gated: client order ids that a gate held back, with the reason.
        stop_buying: why no further buy may leave, empty while buying is allowed.
        aborted: buying was stopped in the middle, for the prices of its fills.
        foreign: shares at the broker that no book owns, by symbol.
        earlier: criticals and warnings that earlier runs of the session have told.
        forced: a person let the run go on (--force) although ledger and broker differed at its start.
        behind: symbols whose shares in the books are of before a split: they get no stop and no sale.
        doubts: symbol -> why its price cannot be believed, so that it was not bought.
        equity: of the account, as the broker gave it at the start; None when it gave none.
        uncovered: symbol -> why a stop covers fewer shares of it than the books have.
    """

    warnings: list[str] = field(default_factory=list)
    critical: list[str] = field(default_factory=list)
    gated: dict[str, str] = field(default_factory=dict)
    stop_buying: str = ""
    aborted: bool = False
    foreign: dict[str, int] = field(default_factory=dict)
    forced: bool = False
    behind: set[str] = field(default_factory=set)
    doubts: dict[str, Finding] = field(default_factory=dict)
    earlier: frozenset[str] = frozenset()
    equity: float | None = None
    uncovered: dict[str, str] = field(default_factory=dict)

    def news(self) -> tuple[list[str], list[str]]:
        """Return the criticals and the warnings that no earlier run of the session has told."""
        return (
            [text for text in self.critical if text not in self.earlier],
            [text for text in self.warnings if text not in self.earlier],
        )

    def of_day(self) -> list[str]:
        """Return every critical and warning of the session so far, sorted: equal when nothing is new."""
        return sorted({*self.earlier, *self.critical, *self.warnings})

    def warn(self, text: str) -> None:
        """Add a warning, once."""
        if text not in self.warnings:
            LOG.warning("%s", text)
            self.warnings.append(text)

    def alarm(self, text: str) -> None:
        """Add a critical note, once."""
        if text not in self.critical:
            LOG.error("%s", text)
            self.critical.append(text)

    def doubt(self, symbol: str, why: Finding) -> None:
        """Note a price that nobody may trade on before a person confirmed it."""
        self.doubts[symbol] = why
        self.alarm(str(why))

    def gate(self, client_order_id: str, reason: str) -> None:
        """Note that an order was held back."""
        self.gated[client_order_id] = reason
        self.warn(f"{client_order_id}: not sent: {reason}")


@dataclass(frozen=True, slots=True)
class PositionRules:
    """The parameters of a strategy that the executor applies itself.

    Attributes:
        stop_loss_pct: distance of its stops from the fill, percent, None when it has none.
        max_positions: places in its book, None without a limit.
        daily_entry_limit: entries a session, None without a limit.
    """

    stop_loss_pct: float | None = None
    max_positions: int | None = None
    daily_entry_limit: int | None = None


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """One run on one file: the account (`shared`), what is to do (`job`), what came of it (`notes`).

    Attributes:
        shared: ledger, time and settings of this process.
        broker: where orders go. feed: where quotes come from.
        job: the file, judged.
        notes: filled in while the run goes on.
        submission: sends and follows orders; it knows until when they may leave.
        rules: of the strategy that made the file.
        prices: judges quotes before anything is bought on them.
        phase: ``place`` and ``poll`` leave unfilled orders alive, ``all`` waits for them and ends them.
        deadline: monotonic time at which the run stops waiting for fills.
        keeps_window: False with --skip-time-check.
    """

    shared: RunContext
    broker: Broker
    feed: Feed
    job: Job
    notes: RunNotes
    submission: Submission
    rules: PositionRules
    prices: PriceGate
    phase: Phase
    deadline: float
    keeps_window: bool = True

    @property
    def ledger(self) -> Ledger:
        """The journal and the books."""
        return self.shared.ledger

    @property
    def clock(self) -> Clock:
        """The time of this run."""
        return self.shared.clock

    @property
    def settings(self) -> Settings:
        """Settings of this run."""
        return self.shared.settings

    @property
    def session(self) -> Session:
        """The session that trades."""
        return self.job.session

    @property
    def variant(self) -> str:
        """Whose orders these are."""
        return self.job.variant

    @property
    def prefix(self) -> str:
        """Variant in client order ids, empty where they carry none."""
        return self.job.book_variant.id_prefix

    @property
    def seal(self) -> str:
        """Digest of the file being executed."""
        return self.job.signal.seal.digest

    @property
    def before_open(self) -> bool:
        """Whether orders sent now wait for the open."""
        return self.clock.now() < self.session.open

    def quote(self, symbol: str) -> Quote | None:
        """Return the quote of one symbol now."""
        return self.feed.quotes([symbol], self.clock.now()).get(symbol)

    def quotes(self, symbols: Iterable[str]) -> dict[str, float]:
        """Return the mid prices that are known now."""
        found = self.feed.quotes(sorted(set(symbols)), self.clock.now())
        return {symbol: quote.mid for symbol, quote in found.items() if quote.mid is not None}

    def rows(self) -> tuple[Order, ...]:
        """Return the orders of this session and variant."""
        return self.ledger.orders.of_session(self.session.day, self.variant)

    def attempts(self, client_order_id: str) -> Attempts:
        """Read the tries of one intent; again after anything that may have changed them."""
        return of_intent(self.rows(), client_order_id)

    def attempts_of(self, orders: Iterable[SignalOrder]) -> dict[str, Attempts]:
        """Read the tries of several orders at once, by client order id."""
        found = by_intent(self.rows())
        return {order.client_order_id: found.get(order.client_order_id, Attempts()) for order in orders}

    def time_left(self) -> float:
        """Return the seconds until the run must stop waiting."""
        return self.deadline - self.clock.monotonic()

    def entries_blocked(self) -> str:
        """Return why no entry may leave now, empty when it may."""
        if self.notes.stop_buying:
            return self.notes.stop_buying
        switch = self.ledger.state.kill_switch()
        return f"kill switch is on ({switch.level}): {switch.reason}" if switch.level != "none" else ""

    def pace(self) -> None:
        """Wait until an entry fits the limit per minute; exits and stops never wait, but count.

        The limit is the account's: orders of other books and of earlier runs of the session count too.
        """
        now, limit = self.clock.now(), self.settings.execution.limits.max_orders_per_minute
        rows = self.ledger.orders.of_session(self.session.day)
        sent = [row.sent_at.timestamp() for row in rows if row.sent_at is not None]
        self.clock.sleep(seconds_to_wait(sent, now.timestamp(), limit))


def stop_id(context: ExecutionContext, symbol: str) -> str:
    """Return the client order id of a stop placed this session."""
    day = context.session.day
    return str(OrderName.of(context.prefix, session=day, symbol=symbol, intent="stop", side="sell"))
