"""What the phases of one run share: the tools, the limits of the run, and what a person will be told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backtest.calendar.sessions import ExecutionWindow, Session
from live.ledger.tables import Order
from live.model import order_ids as ids
from live.model.broker import Broker
from live.model.feed import Feed, Quote
from live.orders.submission import Submission
from live.settings.model import Settings
from live.system.clock import Clock

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

LOG = logging.getLogger("jutsu.executor")
MINUTE = 60.0


@dataclass
class Report:
    """Collects what happened for the summary, the run log and the alerts.

    Attributes:
        warnings: read today. critical: act now.
        gated: client order ids that a gate held back, with the reason.
        stop_buying: why no further buy may leave, empty while buying is allowed.
        posts: monotonic times of the orders sent, for the limit per minute.
        foreign: shares at the broker that no book owns, by symbol.
    """

    warnings: list[str] = field(default_factory=list)
    critical: list[str] = field(default_factory=list)
    gated: dict[str, str] = field(default_factory=dict)
    stop_buying: str = ""
    posts: list[float] = field(default_factory=list)
    foreign: dict[str, int] = field(default_factory=dict)

    def warn(self, text: str) -> None:
        """Note something a person should read."""
        if text not in self.warnings:
            LOG.warning("%s", text)
            self.warnings.append(text)

    def alarm(self, text: str) -> None:
        """Note something a person must act on."""
        if text not in self.critical:
            LOG.error("%s", text)
            self.critical.append(text)

    def gate(self, client_order_id: str, reason: str) -> None:
        """Note that an order was held back."""
        self.gated[client_order_id] = reason
        self.warn(f"{client_order_id}: not sent: {reason}")


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a phase works with.

    Attributes:
        variant: whose orders these are. prefix: of its client order ids, empty for a single primary.
        deadline: monotonic time at which the run stops waiting for fills.
        keeps_window: False with --skip-time-check.
        checks_age: False for a past session, whose quotes have no age.
        seal: of the signal file being executed.
        stop_loss_pct: distance of the strategy's stops from the fill, None when it has none.
        phase: ``place`` and ``poll`` leave unfilled orders alive, ``all`` waits for them and ends them.
        max_positions, daily_entry_limit: of a positions strategy, None without one.
    """

    broker: Broker
    ledger: Ledger
    clock: Clock
    feed: Feed
    settings: Settings
    session: Session
    window: ExecutionWindow
    variant: str
    mode: str
    submission: Submission
    report: Report
    deadline: float
    prefix: str = ""
    keeps_window: bool = True
    checks_age: bool = True
    seal: str | None = None
    stop_loss_pct: float | None = None
    phase: str = "all"
    max_positions: int | None = None
    daily_entry_limit: int | None = None

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

    def attempts(self, client_order_id: str) -> tuple[Order, ...]:
        """Return every try of one intent, oldest first."""
        return tuple(row for row in self.rows() if ids.base_id(row.client_order_id) == client_order_id)

    def time_left(self) -> float:
        """Return the seconds until the run must stop waiting."""
        return self.deadline - self.clock.monotonic()

    def entries_blocked(self) -> str:
        """Return why no entry may leave now, empty when it may."""
        if self.report.stop_buying:
            return self.report.stop_buying
        switch = self.ledger.state.kill_switch()
        return f"kill switch is on ({switch.level}): {switch.reason}" if switch.level != "none" else ""

    def pace(self) -> None:
        """Wait until one more order fits the limit per minute, and count it."""
        limit = self.settings.execution.limits.max_orders_per_minute
        posts = self.report.posts
        if len(posts) >= limit:
            self.clock.sleep(max(0.0, posts[-limit] + MINUTE - self.clock.monotonic()))
        posts.append(self.clock.monotonic())


def stop_id(desk: Desk, symbol: str) -> str:
    """Return the client order id of a stop placed this session."""
    return str(
        ids.OrderName(
            session=desk.session.day, symbol=symbol, intent="stop", side="sell", variant=desk.prefix
        )
    )
