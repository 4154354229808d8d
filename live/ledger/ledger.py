"""The ledger: orders, fills, positions, runs and settings of one account, in one durable file.

    with Ledger.open(Path("state/ledger.db"), account="paper", now=clock.now()) as ledger:
        ledger.orders.plan(OrderPlan(...), at=clock.now())

Every method is its own commit (synchronous FULL: on disk when it returns) unless it is called inside
`with ledger.transaction():`. What is returned is detached: changing it changes nothing in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from backtest.calendar.sessions import NEW_YORK
from live.ledger.alerts import Alerts
from live.ledger.audit import Audit
from live.ledger.backup import back_up
from live.ledger.cash_flows import CashFlows
from live.ledger.database import Database
from live.ledger.executions import Executions
from live.ledger.generation import Generation
from live.ledger.opening import open_database, open_reading, open_scratch
from live.ledger.orders import OrderPlan, Orders
from live.ledger.positions import Positions, StopFields
from live.ledger.run_log import Runs
from live.ledger.settings_history import Config
from live.ledger.shadow_books import Shadow, ShadowBook
from live.ledger.signal_files import GeneratedSignal, Signals
from live.ledger.snapshots import Snapshots
from live.ledger.system_state import EVERY_ACCOUNT, Cash, State
from live.ledger.tables import Order
from live.ledger.trade_journal import TradeJournal
from live.ledger.trades import TradeContext, Trades
from live.model.broker import Execution
from live.model.order_ids import is_session_order

__all__ = [
    "Booked",
    "GeneratedSignal",
    "Ledger",
    "OrderPlan",
    "ShadowBook",
    "TradeContext",
]


@dataclass(frozen=True, slots=True)
class Booked:
    """One newly booked execution. `order` is None for a manual trade; `realised_pnl` is set for our sales."""

    execution: Execution
    order: Order | None
    realised_pnl: Decimal | None = None


class Ledger:
    """One account's ledger; use `open`. Not for use by several threads."""

    def __init__(self, database: Database, account: str) -> None:
        self._db = database
        self.account = account
        self._adopting = False
        self.orders = Orders(database, account)
        self.executions = Executions(database, account)
        self.trades = Trades(database, account)
        self.trade_journal = TradeJournal(database, account)
        self.positions = Positions(database, account)
        self.runs = Runs(database, account)
        self.signals = Signals(database, account)
        self.shadow = Shadow(database, account)
        self.snapshots = Snapshots(database, account)
        self.state = State(database, account)
        self.generation = Generation(database)
        self.cash = Cash(database, account)
        self.cash_flows = CashFlows(database, account)
        self.alerts = Alerts(database, account)
        self.audit = Audit(database, account)
        self.config = Config(database, EVERY_ACCOUNT)

    @classmethod
    def open(
        cls,
        path_or_url: Path | str,
        *,
        account: str,
        now: datetime,
        create: bool = True,
        durable: bool = True,
        scratch: bool = False,
    ) -> Self:
        """Open a ledger, creating or upgrading it when needed.

        Args:
            path_or_url: a file, `sqlite://` for memory, or the URL of another database.
            account: key of every row written and read.
            now: instant of the opening, noted when the ledger is new.
            create: False: a missing file is an error (reading commands).
            durable: False: a power cut may lose the newest commits (replays only, they can run again).
            scratch: work on a copy in memory of an existing file (dry runs).

        Raises:
            LedgerDamaged, LedgerUnavailable: exit code 8; the file is untouched.
            LedgerMissing, LedgerTooNew: exit code 2.
        """
        database = open_scratch(Path(path_or_url)) if scratch else open_database(path_or_url, create=create)
        if not durable:
            database.relax()
        ledger = cls(database, account)
        ledger.generation = Generation(database, counts=durable)
        if create and ledger.state.get("created") is None:
            ledger.state.set("created", now.isoformat(), at=now)
        return ledger

    @classmethod
    def open_to_read(cls, path: Path, *, account: str) -> Self:
        """Open a ledger file to look at it; nothing is created, migrated or written.

        Raises:
            LedgerMissing, LedgerTooNew: exit code 2. LedgerDamaged, LedgerUnavailable: exit code 8.
        """
        return cls(open_reading(path), account)

    def for_account(self, account: str) -> Ledger:
        """Return the ledger of another account on the same connection."""
        if account == self.account:
            return self
        other = Ledger(self._db, account)
        other.generation = self.generation
        return other

    @property
    def where(self) -> str:
        """File or address, for messages."""
        return self._db.where

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one commit: all of it or nothing."""
        with self._db.transaction():
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one consistent state in everything inside, whatever others commit meanwhile."""
        with self._db.reading():
            yield

    def wait_at_most(self, seconds: float) -> None:
        """Give up after this long when another program is writing."""
        self._db.wait_at_most(seconds)

    def data_version(self) -> int:
        """Return a number that changes when another connection commits; comparable on this one only."""
        return self._db.data_version()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Commit everything inside at once at the end; see `live.ledger.database.Database.batch`."""
        with self._db.batch():
            yield

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Run everything inside for real and keep nothing of it (dry runs)."""
        with self._db.rehearsal():
            yield

    @contextmanager
    def adopting(self) -> Iterator[None]:
        """Take the broker's truth inside: a sale beyond what a book owns (of a split's shares) closes it."""
        self._adopting = True
        try:
            yield
        finally:
            self._adopting = False

    def book(self, executions: Iterable[Execution], *, at: datetime) -> tuple[Booked, ...]:
        """Book new executions with everything that follows from them, in one commit.

        The order's fill, the position of its variant (average cost, realised profit) and the cash estimate
        move together, so a crash cannot leave a fill without its position. Known executions change nothing.

        Raises:
            UnresolvedError: a known execution changed.
            DisagreementError: more was sold than the variant owns, and nobody is `adopting`.
        """
        booked: list[Booked] = []
        with self._db.transaction():
            new = self.executions.book(executions, at=at)
            moved: list[Execution] = []
            for execution in new:
                order = self.orders.by_broker_id(execution.order_id)
                if order is not None and is_session_order(order.client_order_id):
                    booked.append(Booked(execution, order))  # positions per entry: the trade journal has them
                    continue
                moved.append(execution)
                if self._adopting and order is not None and order.filled_quantity > order.quantity:
                    order = self.orders.enlarge(order, at=at)
                profit = None if order is None else self._move(order, execution)
                booked.append(Booked(execution, order, profit))
            self.cash.booked(moved, at=at)
        return tuple(booked)

    def _move(self, order: Order, execution: Execution) -> Decimal | None:
        if execution.side == "buy":
            protect: StopFields = {} if order.planned_stop_price is None else {"needs_stop": True}
            self.positions.buy(
                order.variant,
                execution.symbol,
                execution.quantity,
                execution.price,
                session=order.session,
                details=order.details,
                mode=order.mode,
                at=execution.at,
                **protect,
            )
            return None
        if self._adopting and self.positions.get(order.variant, execution.symbol) is None:
            return None
        sale = self.positions.sell(
            order.variant,
            execution.symbol,
            execution.quantity,
            execution.price,
            session=execution.at.astimezone(NEW_YORK).date(),  # a stop fills sessions after it was placed
            reason=order.reason or order.intent,
            at=execution.at,
            adopting=self._adopting,
        )
        return sale.realised_pnl

    def backup(self, directory: Path, *, keep_days: int, now: datetime) -> Path | None:
        """Copy the ledger while it is in use; None for a database that is not a file."""
        raw = self._db.raw
        if raw is None or self._db.path is None:
            return None
        return back_up(raw, directory, keep_days=keep_days, now=now)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
