"""One simulated world: market, account, folder, person and clock, all drawn from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from backtest.calendar import sessions as calendar
from backtest.core.decision import ExecutionTime
from live.brokers.paper.broker import PaperBroker
from live.brokers.paper.store import PaperOrder
from live.ledger.ledger import Ledger
from live.ledger.system_state import CONFIRMATION
from live.model.broker import OrderRequest
from live.runtime.factories import make_broker, paper_path
from tests.simulation.broker import Line, SimulatedBroker
from tests.simulation.clock import TrueClock, WorldClock
from tests.simulation.crash import Machine
from tests.simulation.faults import FILL_KINDS, RUN_KINDS, Fault
from tests.simulation.imitation import ACCOUNTS, BrokerName, Imitation, Wire, connected, online_settings
from tests.simulation.judge import Answers, Judge
from tests.simulation.kind import Kind, Style
from tests.simulation.market import HISTORY, STOCKS, Market, SimulatedFeed, sessions_from
from tests.simulation.programs import STOCKS_BOOK, WEIGHTS, Folder, Ran, installed, run
from tests.simulation.truth import Account, Books, TrueOrder, account_of, books_of

FIRST: Final = date(2025, 1, 6)
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


SETTINGS: Final[dict[str, Any]] = {
    "execution": {
        "commission_per_order": 1.0,
        "limits": {
            "max_order_value": 150_000,
            "max_orders_per_run": 14,
            "max_orders_per_minute": 8,
            "max_stop_orders_per_run": 20,
        },
    },
    "safety": {"max_clock_skew_seconds": 30, "min_free_disk_mb": 0, "daily_loss_pct": 5},
    "polling": {"interval_seconds": 5, "timeout_seconds": 20, "retries": 2, "retry_wait_seconds": 2},
}


def _settings(seed: int) -> dict[str, Any]:
    """Return the settings of a seed: one in four has a limit of orders a minute that its days reach."""
    execution = SETTINGS["execution"]
    few = random.Random(f"{seed}/pace").random() < 0.25
    limits = {**execution["limits"], **({"max_orders_per_minute": 3} if few else {})}
    return {**SETTINGS, "execution": {**execution, "limits": limits}}


@dataclass
class World:
    """Everything there is.

    Attributes:
        happened: faults that really came about. crashes: steps at which a process died.
        splits: symbol and session of every 2:1 split, as the exchange announced it.
        doubled_orders: ids of orders that the line made of one request.
        disturbed: somebody changed account or files behind the program's back; no run has ended well since.
    """

    seed: int
    sessions: int
    faults: tuple[Fault, ...]
    folder: Folder
    kind: Kind
    broker: BrokerName
    days: Sequence[date]
    clock: WorldClock
    market: Market
    settings: dict[str, Any] = field(default_factory=lambda: SETTINGS)
    session_number: int = 0
    run_number: int = 0
    command_number: int = 0
    phase: str = "all"
    answers: Answers = field(default_factory=Answers)
    happened: list[Fault] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    runs: int = 0
    steps: int = 0
    disturbed: bool = False
    splits: list[tuple[str, date]] = field(default_factory=list)
    doubled_orders: set[str] = field(default_factory=set)
    panicking: bool = False
    killed_by_hand: bool = False
    killed_at: datetime = LONG_AGO
    diary: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.judge = Judge(self)
        self.machine = Machine()
        self.line = Line((), self.clock, self.machine, self.kill)
        self._names: dict[str, str] = {}
        self._fates: dict[str, str] = {}
        self._sending: OrderRequest | None = None
        self.imitation: Imitation | None = None
        if self.broker != "paper":
            self.imitation = Imitation(self.broker, self.clock, self.market)
            self._log_in(self.imitation)

    @classmethod
    def of(
        cls,
        seed: int,
        sessions: int,
        faults: tuple[Fault, ...],
        root: Path,
        broker: BrokerName = "paper",
        style: Style = "mixed",
    ) -> World:
        """Return the world of a seed with these faults, in an empty folder."""
        kind = Kind.of(seed, style)
        days = sessions_from(FIRST, sessions + 6)
        first = calendar.session(days[HISTORY])
        assert first is not None
        settings = _settings(seed)
        folder = Folder(root, approval=kind.approval)
        folder.prepare(kind.rule_sets(seed), kind.book_settings(), {**settings, **online_settings(broker)})
        clock = WorldClock(first.open.astimezone(UTC) - timedelta(hours=2))
        market = Market(seed, days, early=style == "earnings")
        return cls(seed, sessions, faults, folder, kind, broker, days, clock, market, settings)

    @property
    def execution_time(self) -> ExecutionTime:
        """When both books trade."""
        return self.kind.execution_time

    @property
    def books(self) -> tuple[str, ...]:
        """The variants that trade."""
        return self.kind.books

    def book_of(self, symbol: str) -> str:
        """Return the book that trades a symbol."""
        drawn = STOCKS_BOOK if symbol in STOCKS else WEIGHTS
        return drawn if drawn in self.books else self.books[0]

    @property
    def session(self) -> calendar.Session:
        """The session of today."""
        found = calendar.session(self.days[HISTORY + self.session_number])
        assert found is not None
        return found

    @contextmanager
    def open(self) -> Iterator[None]:
        """Put the world behind the doors of the shipped programs."""
        if self.imitation is None:
            with installed(self.folder, self.clock, self.feed, self._broker):
                yield
            return
        wire = Wire(self.imitation, lambda: self.line, self._order_on_the_wire, self._note_id, self.doubled)
        with installed(self.folder, self.clock, self.feed, self._real_broker), connected(wire):
            yield

    def _log_in(self, imitation: Imitation) -> None:
        """The person confirms live trading and logs in; what a broker's own pages ask for."""
        (self.folder.root / "state").mkdir(exist_ok=True)
        imitation.log_in(self.folder)
        with Ledger.open(self.folder.ledger, account=self.books_key, now=self.clock.now()) as ledger:
            if not ledger.state.online_confirmed():
                ledger.state.confirm_online(CONFIRMATION, by="person", at=self.clock.now())

    @property
    def books_key(self) -> str:
        """Account key of the ledger's rows."""
        return ACCOUNTS[self.broker]

    def account(self) -> Account:
        """Return the broker's side as it is."""
        if self.imitation is None:
            return account_of(self.folder)
        return self.imitation.account(self._names)

    def ledger(self) -> Books:
        """Return our side."""
        return books_of(self.folder, self.books_key)

    def _real_broker(self, settings: Any, **more: Any) -> Any:
        """Return the shipped broker; remember which of our orders is on its way."""
        made = make_broker(settings, **more)
        submit = made.submit

        def watched(request: OrderRequest) -> str | None:
            self._sending = request
            return submit(request)

        made.submit = watched  # type: ignore[method-assign]  # every broker, whatever its class
        return made

    def _order_on_the_wire(self) -> None:
        request = self._sending
        assert request is not None
        self.judge.order_arrives(request)
        if request.order_type == "market" and self.imitation is not None:
            number = len(self._fates) + 1
            fate = self._planned_fate(number)
            self._fates[str(number)] = fate
            self.imitation.prepare_fate(fate, request.symbol, request.quantity)

    def _note_id(self, order_id: str) -> None:
        assert self._sending is not None
        self._names[order_id] = self._sending.client_order_id

    def feed(self, *_: Any, **__: Any) -> SimulatedFeed:
        """Return the vendor."""
        return SimulatedFeed(self.market, self.clock, self.line.at_question)

    def doubled(self) -> None:
        """Hear that the broker has an order twice although it was sent once."""
        self.disturbed = True
        known = {order.id for order in self.named(self.account()) if order.client_id}
        self.doubled_orders |= {
            o.id for o in self.account().orders if o.id not in known and not self.parent_name(o.id)
        }

    def _broker(self, settings: Any, *, state_db: Path, **_: Any) -> SimulatedBroker:
        inner = PaperBroker(
            paper_path(state_db),
            clock=TrueClock(self.clock),
            feed=SimulatedFeed(self.market, self.clock),
            rules=settings.execution,
            honours_client_id=self.kind.honours_client_id,
            supports_attached_stop=self.kind.attached_stops,
        )
        return SimulatedBroker(inner, self.line, self, self._fate)

    def order_arrives(self, request: Any) -> None:
        """Let the judge look at an order; remember its name, which the account may not keep."""
        if self.imitation is None and not self.kind.honours_client_id:
            query = "SELECT seq FROM sqlite_sequence WHERE name = 'orders'"
            count = self.folder.rows(self.folder.account, query)
            self._names[str(count[0][0] + 1 if count else 1)] = request.client_order_id
        self.judge.order_arrives(request)

    def named(self, account: Account) -> Iterator[TrueOrder]:
        """Yield the account's orders with the names our program gave them."""
        for order in account.orders:
            name = order.client_id or self._names.get(order.id, "")
            yield order if name == order.client_id else _named(order, name)

    def parent_of(self, number: str) -> str:
        """Return the id of the order that an attached stop came with, empty without one."""
        if self.imitation is not None:
            return self.imitation.parent_of(number)
        query = "SELECT parent_id FROM orders WHERE id = ?"
        found = self.folder.rows(self.folder.account, query, int(number))
        return str(found[0][0]) if found and found[0][0] is not None else ""

    def parent_name(self, number: str) -> str:
        """Return the name of the order that an attached stop came with, empty without one."""
        parent = self.parent_of(number)
        return next((o.client_id for o in self.named(self.account()) if o.id == parent), "")

    def _fate(self, order: PaperOrder) -> str:
        """Return what becomes of a market order at the broker: the n-th of the session has the n-th fate."""
        if order.order_type != "market":
            return "none"
        name = str(order.id)
        if name not in self._fates:
            self._fates[name] = self._planned_fate(len(self._fates) + 1)
        return self._fates[name]

    def _planned_fate(self, number: int) -> str:
        due = [f for f in self.due(*FILL_KINDS) if f.n == number]
        self.happened += due[:1]
        return due[0].kind if due else "none"

    def new_session(self, number: int) -> None:
        """Begin a day."""
        self.session_number, self.run_number, self.command_number = number, 0, 0
        self.answers = Answers()
        self._fates = {}
        self.clock.error = timedelta(0)
        if self.imitation is not None:
            self.imitation.new_day()
            if number % 4 == 0:
                self.imitation.log_in(self.folder)

    def due(self, *kinds: str) -> list[Fault]:
        """Return today's faults of some kinds."""
        return [f for f in self.faults if f.session == self.session_number and f.kind in kinds]

    def start(self, name: str, *arguments: str, counted: bool = True) -> Ran:
        """Run a program with the faults that are planned for it, and let the judge look at what is left.

        A command (not `counted` as a run) whose process died is typed again.
        """
        if counted:
            planned = tuple(f for f in self.due(*RUN_KINDS) if f.run == self.run_number)
            self.run_number += 1
        else:
            planned = tuple(f for f in self.due("command_crash") if f.run == self.command_number)
            self.command_number += 1
        self.machine = _machine(planned)
        self.line = Line(planned, self.clock, self.machine, self.kill)
        if self.imitation is not None:
            self.imitation.lag(self.line)
        self.folder.channel_down = any(f.kind == "channel_down" for f in planned)
        self.judge.begin(" ".join((name, *arguments[:2])))
        ran = run(self.folder, self.machine, name, *arguments)
        self.folder.channel_down = False
        self.runs += 1
        self.steps += self.machine.steps
        self._note(planned, ran)
        self.judge.after(ran)
        if ran.name == "executor" and ran.code == 0 and self.line.last_look is not None:
            self.disturbed = False  # it looked at the account and ended well
        if ran.code is None and not counted:
            return self.start(name, *arguments, counted=False)
        return ran

    def _note(self, planned: tuple[Fault, ...], ran: Ran) -> None:
        self.happened += self.line.happened
        self.happened += [f for f in planned if f.kind == "channel_down"]
        if self.machine.dead:
            self.crashes.append(self.machine.died_in)
            self.happened += [f for f in planned if f.kind in {"crash", "command_crash"}][:1]
        if self.machine.refused:
            self.happened += [f for f in planned if f.kind == "disk_full"][:1]
        at = self.clock.true.astimezone(calendar.NEW_YORK)
        end = f"died {ran.died_in}" if ran.code is None else f"exit {ran.code}"
        self.diary.append(f"{at:%Y-%m-%d %H:%M:%S} {ran.name}: {end}\n{ran.text.rstrip()}")

    @property
    def nobody_can_be_told(self) -> bool:
        """Whether in the last run both the disk was full and the network down: only the screen is left."""
        return bool(self.machine.refused) and any(f.kind == "channel_down" for f in self.line.faults)

    @property
    def phone_works(self) -> bool:
        """Whether every message of today reaches the phone: the channel was never down, no write failed."""
        return not self.machine.refused and not self.due("channel_down")

    def kill(self) -> None:
        """The person turns everything off while a program runs."""
        ledger = Ledger.open(self.folder.ledger, account=self.books_key, now=self.clock.now())
        ledger.state.set_kill("all", reason="the person", by="person", at=self.clock.now())
        ledger.close()
        self.killed_at = self.clock.true


def _machine(planned: tuple[Fault, ...]) -> Machine:
    machine = Machine()
    for fault in planned:
        if fault.kind in {"crash", "command_crash"} and machine.dies_at is None:
            machine.dies_at = fault.n
        elif fault.kind == "disk_full":
            machine.full = range(fault.n, fault.n + int(fault.size))
    return machine


def _named(order: TrueOrder, name: str) -> TrueOrder:
    return replace(order, client_id=name)
