"""A book at a close, worked back from what the account holds now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.bars import Bars
from backtest.core.errors import DataError
from live.books.closes import mark_closes
from live.books.variants import BookVariant
from live.ledger.ledger import Ledger, OrderPlan
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.model.broker import Account, Execution, Holding
from live.model.order_state import JournalState as S
from live.model.run import DAILY, DryRun
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from tests.support.calendar_days import session_on
from tests.support.exec_world import StubStrategy, bars

MON, TUE, WED = (date(2025, 3, day) for day in (3, 4, 5))
CLOSES = {"AAA": {MON: 10.0, TUE: 11.0, WED: 12.0}, "BBB": {MON: 5.0, TUE: 6.0, WED: 7.0}}


def after(day: date, minutes: int = 15) -> datetime:
    return session_on(day).close + timedelta(minutes=minutes)


@dataclass
class Books:
    """A ledger in memory, a feed of closes and a clock on the evening of Wednesday."""

    ledger: Ledger
    clock: SimulatedClock
    closes: dict[str, dict[date, float]] = field(
        default_factory=lambda: {k: dict(v) for k, v in CLOSES.items()}
    )
    provisional: bool = False
    dead: bool = False
    run: Any = DAILY

    def ran(self, *days: date, variant: str = "golden") -> None:
        for day in days:
            self.ledger.runs.generated(
                day, variant, role="primary", mode="offline_mock", at=session_on(day).open
            )

    def traded(
        self, symbol: str, side: Any, quantity: int, price: str, at: datetime, *, commission: str = "0"
    ) -> None:
        """Book a fill of the book `golden`; the positions of now are set by `holds`."""
        number = str(len(self.ledger.orders.recent(None)) + 1)
        intent: Any = "entry" if side == "buy" else "exit"
        name = f"{at:%Y%m%d}_{symbol}_{intent}_{side}_r{number}"
        self.ledger.orders.plan(
            OrderPlan(name, "golden", at.date(), "offline_mock", symbol, side, intent, quantity), at=at
        )
        self.ledger.orders.transition(name, S.SENDING, at=at)
        self.ledger.orders.transition(name, S.ACKED, at=at, broker_order_id=number)
        fill = Execution(number, number, symbol, side, quantity, Decimal(price), at, Decimal(commission))
        self.ledger.executions.book([fill], at=at)

    def holds(self, symbol: str, quantity: int, variant: str = "golden") -> None:
        self.ledger.positions.buy(variant, symbol, quantity, Decimal(1), session=MON)

    def history(self, symbols: Any, at: datetime) -> Mapping[str, Bars]:
        if self.dead:
            raise DataError("the line is dead", where="feed", remedy="try again")
        found = {}
        for symbol in symbols:
            rows = {d: (p, p, p, p) for d, p in self.closes.get(symbol, {}).items() if d <= at.date()}
            found[symbol] = replace(bars(symbol, rows), provisional=self.provisional)
        return found

    def mark(self, cash: str | None, *, budget: float = 100.0, **more: int) -> tuple[date, ...]:
        """Mark with this cash in the account now; `more` is held there beside what the books own."""
        shares = {**self.ledger.positions.shares(), **more}
        rows = tuple(Holding(symbol, Decimal(count), None) for symbol, count in shares.items())
        money = None if cash is None else Decimal(cash)
        account = Account("paper", "cash", money, money, money, money, rows)
        context: Any = SimpleNamespace(
            ledger=self.ledger,
            clock=self.clock,
            run=self.run,
            settings=Settings(),
        )
        feed: Any = self
        strategy: Any = StubStrategy()
        return mark_closes(context, feed, BookVariant(strategy, "primary", "golden", budget), account)

    def marks(self, variant: str = "golden") -> dict[date, tuple[float, float | None]]:
        return {row.session: (row.equity, row.cash) for row in self.ledger.snapshots.series(variant)}


@pytest.fixture
def books() -> Books:
    ledger = Ledger.open("sqlite://", account="paper", now=datetime(2025, 3, 1, tzinfo=UTC))
    return Books(ledger, SimulatedClock(after(WED)))


def test_every_close_since_the_first_run_is_worked_back_from_now(books: Books) -> None:
    """Now 60 AAA, 400 cash. Sold 40 at 11.50 less 1 on Wednesday, bought 100 at 10 plus 2 on Tuesday.

    Before Wednesday's sale 100 shares, 400 - 459 = -59 cash; before Tuesday's purchase none, and 943.
    """
    books.ran(MON)
    books.traded("AAA", "buy", 100, "10", session_on(TUE).open, commission="2")
    books.traded("AAA", "sell", 40, "11.5", session_on(WED).open, commission="1")
    books.holds("AAA", 60)
    assert books.mark("400") == (MON, TUE, WED)
    assert books.marks() == {MON: (943.0, 943.0), TUE: (1041.0, -59.0), WED: (1120.0, 400.0)}
    assert books.marks(WHOLE_ACCOUNT) == books.marks()


def test_a_fill_at_the_close_belongs_to_its_session(books: Books) -> None:
    books.ran(TUE)
    books.traded("AAA", "buy", 10, "11", session_on(TUE).close)
    books.traded("AAA", "buy", 10, "11", session_on(TUE).close + timedelta(seconds=1))
    books.holds("AAA", 20)
    books.mark("0")
    assert books.marks()[TUE] == (220.0, 110.0)


def test_money_paid_in_later_was_not_there(books: Books) -> None:
    books.ran(MON)
    for day, amount in ((TUE, 100), (WED, -30)):
        books.ledger.cash_flows.note(str(day), day=day, kind="deposit", amount=Decimal(amount), at=after(day))
    books.mark("570")
    assert {day: cash for day, (_, cash) in books.marks().items()} == {MON: 500.0, TUE: 600.0, WED: 570.0}


def test_a_mark_at_or_after_the_close_stays_and_one_before_it_is_made_again(books: Books) -> None:
    books.ran(TUE)
    for day, at in ((TUE, after(TUE, 0)), (WED, after(WED, -1))):
        books.ledger.snapshots.add("golden", day, at=at, mode="offline_mock", equity=1.0, cash=1.0)
    assert books.mark("500") == (WED,)
    assert books.marks() == {TUE: (1.0, 1.0), WED: (500.0, 500.0)}
    assert books.mark("900") == ()


@pytest.mark.parametrize(
    ("budget", "cash", "kept"),
    [
        (100.0, "1000", 1000.0),
        (60.0, "1000", 360.0),  # of 1,600 are 960 its own, 600 of them in shares
        (90.0, "200", 120.0),  # of 800 are 720 its own
        (40.0, "200", 0.0),  # its shares are worth more than 320: no cash is its own
    ],
)
def test_a_budget_leaves_the_rest_of_the_account_to_others(
    books: Books, budget: float, cash: str, kept: float
) -> None:
    """The book holds 50 AAA at 12: an account of 600 and its cash, of which the budget is a share."""
    books.ran(WED)
    books.holds("AAA", 50)
    books.mark(cash, budget=budget)
    assert books.marks() == {WED: (600.0 + kept, kept)}


def test_shares_of_another_book_count_for_the_account_alone(books: Books) -> None:
    """1,000 cash, 50 AAA = 600 of this book, 100 BBB = 700 of the other: half of 2,300 is 1,150."""
    books.ran(WED)
    books.holds("AAA", 50)
    books.holds("BBB", 100, "titan")
    books.mark("1000", budget=50.0)
    assert books.marks() == {WED: (1150.0, 550.0)}
    assert books.marks(WHOLE_ACCOUNT) == {WED: (2300.0, 1000.0)}


def test_what_the_books_do_not_own_leaves_the_worth_of_the_account_open(books: Books) -> None:
    books.ran(WED)
    books.holds("AAA", 10)
    books.mark("100", ZZZ=5)
    assert books.marks() == {WED: (220.0, 100.0)}
    assert books.marks(WHOLE_ACCOUNT) == {}


@pytest.mark.parametrize("late", ["absent", "provisional"])
def test_on_its_own_evening_a_bar_may_only_be_late(books: Books, late: str) -> None:
    books.ran(WED)
    books.holds("AAA", 10)
    if late == "absent":
        del books.closes["AAA"][WED]
    else:
        books.provisional = True
    assert books.mark("100") == ()
    books.provisional = False
    books.clock.set(session_on(date(2025, 3, 6)).open)
    assert books.mark("100") == (WED,)
    assert books.marks() == {WED: ({"absent": 210.0, "provisional": 220.0}[late], 100.0)}


def test_a_symbol_without_any_bar_waits_for_one(books: Books) -> None:
    books.ran(WED)
    books.holds("NEW", 10)
    books.clock.set(session_on(date(2025, 3, 6)).open)
    assert books.mark("100") == ()


def alone(books: Books) -> str:
    books.run = DryRun()
    return "100"


def no_cash(_: Books) -> str | None:
    return None


def adopted(books: Books) -> str:
    books.ledger.state.set("last_adoption", f"{after(WED).isoformat()} me: AAA 1 -> 2", at=after(WED))
    return "100"


def no_feed(books: Books) -> str:
    books.dead = True
    books.holds("AAA", 1)
    return "100"


@pytest.mark.parametrize("why", [alone, no_cash, adopted, no_feed])
def test_what_cannot_be_known_is_not_marked(books: Books, why: Callable[[Books], str | None]) -> None:
    books.ran(WED)
    assert books.mark(why(books)) == ()
    assert books.marks() == {}


def test_a_book_that_never_ran_has_no_closes(books: Books) -> None:
    books.ran(WED, variant="titan")
    assert books.mark("100") == ()


def test_closes_after_an_adoption_are_marked(books: Books) -> None:
    books.ran(MON)
    books.ledger.state.set("last_adoption", f"{session_on(TUE).open.isoformat()} me: x", at=after(TUE))
    assert books.mark("100") == (TUE, WED)
