"""The invariants: what must be true at the broker's door, and after every step."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from backtest.calendar import sessions as calendar
from live.model.order_ids import OrderName, base_id, parse
from tests.simulation.market import FOREIGN, STOCKS
from tests.simulation.programs import Ran
from tests.simulation.shadows import shadow_problem
from tests.simulation.truth import Account, Books, TrueOrder, kill_level

if TYPE_CHECKING:
    from live.model.broker import OrderRequest
    from tests.simulation.world import World

Invariant = Literal[
    "one effect",
    "books agree",
    "protected",
    "cash",
    "permitted",
    "panic",
    "realign",
    "shadow",
    "told",
    "way back",
    "no exception",
]
_NUMBER: Final = re.compile(r"-?\d[\d.,]*")
_LOUD: Final = ("CRITICAL", "error", "warning")
_PROTECTION: Final = re.compile(r"stop|broker|ledger|nobody|split|by hand|sold", re.IGNORECASE)
_TABLE: Final = re.compile(r"\((entry|increase|exit|reduce|stop)\)")
#: what quotes and commissions may add to a budget
_OVER: Final = 1.02
#: seconds between the last question "may it leave" and the order's arrival
ON_ITS_WAY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken invariant, where and when."""

    invariant: Invariant
    text: str
    session: int
    step: str

    def __str__(self) -> str:
        """Return one line."""
        return f"session {self.session}, {self.step}: [{self.invariant}] {self.text}"


@dataclass
class Answers:
    """What the person said about today's files.

    Attributes:
        originals: variant -> bytes that stage 1 wrote. approved: variant -> bytes a person approved.
        skipped: variants a person said no to. reported: symbols that a valid report of today names.
    """

    originals: dict[str, bytes] = field(default_factory=dict)
    approved: dict[str, bytes] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)

    def permitted(self, variant: str, *, required: bool) -> dict[str, dict[str, Any]]:
        """Return id -> order of everything that may be sent for a book today."""
        if variant in self.skipped:
            return {}
        spoken = variant in self.approved or not required
        content = self.approved.get(variant, self.originals.get(variant))
        orders = [] if content is None else json.loads(content)["orders"]
        return {
            order["client_order_id"]: order
            for order in orders
            if order["enabled"] and (spoken or order["side"] == "sell")
        }


@dataclass
class Judge:
    """Watches one world; what it finds wrong is kept in `found`."""

    world: World
    found: list[Violation] = field(default_factory=list)
    step: str = ""
    _posts: list[tuple[str, float]] = field(default_factory=list)
    _rung: int = 0

    def blame(self, invariant: Invariant, text: str) -> None:
        """Note a violation."""
        self.found.append(Violation(invariant, text, self.world.session_number, self.step))

    def begin(self, step: str) -> None:
        """A program starts."""
        self.step, self._posts = step, []
        self._rung = len(self.world.folder.inbox)

    # at the broker's door -------------------------------------------------------------------------------

    def order_arrives(self, request: OrderRequest) -> None:
        """Judge one request before the broker sees it: permission, one effect, cash, no short sale."""
        name = parse(request.client_order_id)
        account = self.world.account()
        if name is None:
            self.blame("permitted", f"{request.client_order_id} is no order id")
            return
        self._judge_kill(request, name)
        self._judge_pace(request)
        self._judge_money(request, account)
        if self.world.panicking and request.side == "buy":
            self.blame("permitted", f"{request.client_order_id} is a buy in a panic")
        if name.intent != "stop" and not self.world.panicking:
            self._judge_window(request)
            self._judge_file(request, name, account)

    def _judge_kill(self, request: OrderRequest, name: OrderName) -> None:
        del name
        if (
            self.world.clock.true - self.world.killed_at < timedelta(seconds=ON_ITS_WAY)
            or self.world.panicking
        ):
            return
        level = kill_level(self.world.folder)
        if level == "all" or (level == "entries" and request.side == "buy"):
            self.blame(
                "permitted", f"{request.client_order_id} left although the kill switch is on ({level})"
            )

    def _judge_window(self, request: OrderRequest) -> None:
        session = self.world.session
        window = calendar.window(session, self.world.execution_time)
        if self.world.phase == "place":
            window = replace(window, opens_at=session.open.replace(hour=0, minute=0))
        elif self.world.phase == "poll":
            window = replace(window, opens_at=session.open, closes_at=session.close)
        late = timedelta(seconds=ON_ITS_WAY)
        shown, true = self.world.line.left_at
        skew = timedelta(seconds=self.world.settings["safety"]["max_clock_skew_seconds"] + ON_ITS_WAY)
        if not window.opens_at <= shown <= window.closes_at + late:
            self.blame("permitted", f"{request.client_order_id} left at {shown}, outside {window}")
        elif not window.opens_at - skew <= true <= window.closes_at + skew:
            self.blame("permitted", f"{request.client_order_id} left at {true}, our clock showed {shown}")

    def _judge_pace(self, request: OrderRequest) -> None:
        now = self.world.clock.true.timestamp()
        most = self.world.settings["execution"]["limits"]["max_orders_per_minute"]
        # an order that was lost on its way and is sent again under its own id is one order
        lately = [at for name, at in self._posts if name != request.client_order_id and at > now - 59]
        if request.side == "buy" and len(lately) >= most:
            self.blame(
                "permitted", f"{request.client_order_id}: {len(lately)} orders in the minute before it"
            )
        self._posts.append((request.client_order_id, now))

    def _judge_money(self, request: OrderRequest, account: Account) -> None:
        price = self.world.market.price(request.symbol, self.world.clock.true) or 0.0
        value = request.quantity * price
        if request.side == "sell":
            known = replace(account, orders=self._without_doubled(account))
            free = account.positions.get(request.symbol, 0) - known.being_sold(request.symbol)
            if request.quantity > free and not self.world.disturbed:
                self.blame(
                    "one effect",
                    f"{request.client_order_id} sells {request.quantity}, {free} are there and free",
                )
            return
        most = self.world.settings["execution"]["limits"]["max_order_value"]
        if value > most * 1.01:
            self.blame("permitted", f"{request.client_order_id} is worth {value:.2f}, the limit is {most}")
        bound = sum(
            o.rest * (self.world.market.price(o.symbol, self.world.clock.true) or 0.0)
            for o in account.orders
            if o.side == "buy" and o.live
        )
        self._judge_budget(request, account, value)
        if value > float(account.cash) - bound and not self.world.disturbed:
            self.blame(
                "cash",
                f"{request.client_order_id} costs {value:.2f}, free are {float(account.cash) - bound:.2f}",
            )

    def _judge_budget(self, request: OrderRequest, account: Account, value: float) -> None:
        """A book spends its share of the account: what another one leaves in cash is not its own."""
        if self.world.disturbed or len(self.world.books) == 1:
            return
        now, book = self.world.clock.true, self.world.book_of(request.symbol)
        worth = {s: q * (self.world.market.price(s, now) or 0.0) for s, q in account.positions.items()}
        budget = (float(account.cash) + sum(worth.values())) / len(self.world.books)
        held = sum(amount for s, amount in worth.items() if s != FOREIGN and self.world.book_of(s) == book)
        on_their_way = sum(
            o.rest * (self.world.market.price(o.symbol, now) or 0.0)
            for o in account.orders
            if o.side == "buy" and o.live and o.symbol != FOREIGN and self.world.book_of(o.symbol) == book
        )
        if held + on_their_way + value > budget * _OVER:
            self.blame(
                "cash",
                f"{request.client_order_id} costs {value:.2f}, its book holds {held + on_their_way:.2f}"
                f" of a budget of {budget:.2f}",
            )

    def _without_doubled(self, account: Account) -> tuple[TrueOrder, ...]:
        """Return the orders but for those that the line doubled, with the stops that came with them."""
        twice = self.world.doubled_orders
        parents = {o.id: self.world.parent_of(o.id) for o in account.orders} if twice else {}
        return tuple(o for o in account.orders if o.id not in twice and parents.get(o.id) not in twice)

    def _judge_file(self, request: OrderRequest, name: OrderName, account: Account) -> None:
        root = base_id(request.client_order_id)
        variant = name.variant or self.world.books[0]
        allowed = self.world.answers.permitted(variant, required=self.world.folder.approval == "required")
        order = allowed.get(root)
        if name.session != self.world.session.day:
            self.blame("permitted", f"{request.client_order_id} is of another session")
        elif order is None:
            self.blame("permitted", f"{request.client_order_id} is in no file that may be executed")
        elif (
            self.world.kind.style == "earnings"
            and request.side == "buy"
            and request.symbol not in self.world.answers.reported
        ):
            self.blame("permitted", f"{request.client_order_id}: no valid report of today names it")
        else:
            sent = sum(
                o.filled + o.rest
                for o in self.world.named(account)
                if o.client_id and base_id(o.client_id) == root
            )
            if sent + request.quantity > order["quantity"]:
                self.blame(
                    "one effect",
                    f"{request.client_order_id}: {request.quantity} more, although {sent} of"
                    f" {order['quantity']} filled or are on their way",
                )

    # after every step -----------------------------------------------------------------------------------

    def after(self, ran: Ran) -> None:
        """Judge both sides after a program ended or died."""
        account, books = self.world.account(), self.world.ledger()
        if account.cash < 0:
            self.blame("cash", f"the account's cash is {account.cash}")
        for symbol, quantity in account.positions.items():
            if account.being_sold(symbol) > quantity and not self.world.disturbed:
                self.blame("one effect", f"{symbol}: more is being sold than the {quantity} held")
        if ran.code is None:
            return
        if ran.code == 1 and "unexpected" in ran.text:
            self.blame("no exception", ran.text.strip().splitlines()[-1])
        if ran.stage:
            self._judge_told(ran)
        self._judge_shadow()
        if ran.name == "executor" and _worked(ran):
            self._judge_books(ran, account, books)
            self._judge_stops(ran, account)

    def _judge_shadow(self) -> None:
        """The virtual book of a shadow is what its fills say, each at a price of its session."""
        if self.world.kind.style != "shadows":
            return
        wrong = shadow_problem(self.world)
        if wrong:
            self.blame("shadow", wrong)

    def after_panic(self, ran: Ran, *, everything: bool) -> None:
        """Judge a panic: done means nothing of ours is left; else every symbol that is left is named."""
        if ran.code is None:
            return
        account, books = self.world.account(), self.world.ledger()
        left = {s: q for s, q in account.positions.items() if everything or s != FOREIGN}
        if ran.code == 0:
            resting = [o.id for o in account.orders if o.live and (everything or o.symbol != FOREIGN)]
            if left or resting or books.shares():
                self.blame("panic", f"exit 0 with {left}, orders {resting} and in the books {books.shares()}")
        for symbol in left:
            if not re.search(rf"\b{symbol}\b", ran.text):
                self.blame("panic", f"exit {ran.code}: {symbol} is still there and not named")
        if books.kill != "all":
            self.blame("panic", f"exit {ran.code}, and the kill switch is at {books.kill}")

    def _judge_books(self, ran: Ran, account: Account, books: Books) -> None:
        """Success means that ledger and broker agree: shares to the share, cash to the cent."""
        if ran.code != 0 or self.world.line.lags("lagging_account"):
            return
        theirs = {s: q for s, q in account.positions.items() if s != FOREIGN}
        if self._only_late(account, books):
            return
        elsewhere = [f"{s} in {v}" for v, s in books.positions if v != self.world.book_of(s)]
        if elsewhere:
            self.blame("books agree", f"in the book of another variant: {', '.join(elsewhere)}")
        if theirs != books.shares():
            self.blame("books agree", f"exit 0, broker {theirs}, ledger {books.shares()}")
        elif books.cash is not None and abs(books.cash - account.cash) > 0 and "already done" not in ran.text:
            self.blame("books agree", f"exit 0, cash: broker {account.cash}, ledger {books.cash}")

    def _only_late(self, account: Account, books: Books) -> bool:
        """Whether something filled after the run's last look; the next run books it."""
        missing = account.executions.keys() - books.executions
        last = self.world.line.last_look
        return bool(missing) and last is not None and all(account.executions[name] > last for name in missing)

    def _judge_stops(self, ran: Ran, account: Account) -> None:
        """Every stock has its stop after a run, or somebody was told that this one has none."""
        if ran.code in {2, 3}:  # a file nobody vouches for, the switch: the broker was not looked at
            return
        said = self._problems(ran)
        for symbol in STOCKS:
            held, guarded = account.positions.get(symbol, 0), account.resting_stops(symbol)
            if held <= guarded or account.being_sold(symbol) >= held:
                continue
            if not any(re.search(rf"\b{symbol}\b", line) for line in said):
                self.blame(
                    "protected",
                    f"exit {ran.code}: {symbol}: {held} held, stops for {guarded}; nobody was told",
                )

    def _problems(self, ran: Ran) -> list[str]:
        """Return the lines of a run and of its messages that say what is wrong with stops or shares.

        The tables of a report name every symbol, and tell nobody that one has no stop.
        """
        lines = [line for line in ran.text.splitlines() if line.startswith(_LOUD)]
        for message in self.world.folder.inbox[self._rung :]:
            lines += [message.title, *message.body.splitlines()] if message.level != "info" else []
        return [line for line in lines if _PROTECTION.search(line) and not _TABLE.search(line)]

    def _judge_told(self, ran: Ran) -> None:
        """Every end with a code rings: the very problem reached the phone, or waits for a dead channel."""
        if ran.code in {0, None} or self.world.nobody_can_be_told:
            return
        line = next((x for x in reversed(ran.text.splitlines()) if x.startswith("error ")), "")
        problem = re.sub(r"^error \d+: ", "", line).split(" → ")[0].split(" [log:")[0]
        texts = [m.title + "\n" + m.body for m in self.world.folder.inbox]
        if not self.world.phone_works:
            texts += self._written_down()
        # the switch rings once a day, and so does a problem whose figures change
        start = _NUMBER.sub("#", problem[: problem.find(" since ")] if ran.code == 3 else problem[:60])
        named = bool(start) and any(start in _NUMBER.sub("#", text) for text in texts)
        if not named:
            self.blame("told", f"exit {ran.code} without an alert: {ran.text[-300:]}")

    def _written_down(self) -> list[str]:
        """Return the alerts that wait for a channel which did not work."""
        rows = self.world.folder.rows(self.world.folder.ledger, "SELECT title, body FROM alerts")
        plain = self.world.folder.root / "state" / "outbox.jsonl"
        return [f"{title}\n{body}" for title, body in rows] + (
            plain.read_text().splitlines() if plain.exists() else []
        )


def _worked(ran: Ran) -> bool:
    """Whether the executor looked at broker and books: not outside its time, or without a session."""
    return not any(words in ran.text for words in ("too early", "not a trading day", "no signal file is due"))
