"""Drift of a book of single positions over the real stages: clean is zero, each fault moves its own cause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pytest

from live.feeds.stored_bars import BarFeed
from live.model.feed import Quote
from live.reporting.periods import weekly_of
from live.shadow.closes import mark_every_book
from live.validation.drift import measure_drift
from live.views.drift import BookDrift, drift_of
from tests.support.earnings_world import MON, THU, TUE, WED, Trader, new_trader


def drift(trader: Trader, day: str) -> BookDrift:
    """Measured after the close of a session, which is marked by `jutsu validate`."""
    with trader.at(f"{day}T17:00") as runtime:
        (book,) = drift_of(measure_drift(runtime.context, runtime.feed, "ema_p10")).books
    assert book.gap == sum((cause.amount for cause in book.causes), Decimal(0)) + book.unexplained
    assert book.live - book.backtest == book.gap
    return book


def causes(book: BookDrift) -> dict[str, Decimal]:
    found = {cause.name: cause.amount for cause in book.causes} | {"unexplained": book.unexplained}
    return {name: amount for name, amount in found.items() if amount}


def marked(trader: Trader, day: str) -> None:
    with trader.at(f"{day}T16:15") as runtime:
        mark_every_book(runtime.context, runtime.broker, runtime.feed)


@contextmanager
def late_quote(factor: float) -> Iterator[None]:
    """The market has moved when the executor comes: quotes and fills are a factor from the open."""
    real = BarFeed.quotes

    def moved(price: float | None) -> float | None:
        return None if price is None else round(price * factor, 6)

    def quotes(self: BarFeed, symbols: Sequence[str], at: datetime) -> dict[str, Quote]:
        return {
            s: replace(q, bid=moved(q.bid), ask=moved(q.ask), last=moved(q.last))
            for s, q in real(self, symbols, at).items()
        }

    with mock.patch.object(BarFeed, "quotes", quotes):
        yield


@pytest.fixture
def trader(tmp_path: Path) -> Trader:
    """AAA opens at 100 on Monday and closes at 104, and at 110 from Tuesday on; BBB stands still."""
    made = new_trader(tmp_path, "AAA", "BBB")
    made.stocks.bar("AAA", MON, 100.0, 105.0, 99.0, 104.0)
    made.stocks.level("AAA", TUE, 110.0)
    return made


def test_clean_sessions_with_a_stop_have_no_drift(trader: Trader) -> None:
    trader.stocks.bar("BBB", WED, 95.0, 96.0, 85.0, 88.0)  # its stop at 90 is hit
    for day, tickers in ((MON, ("AAA", "BBB")), (TUE, ()), (WED, ()), (THU, ())):
        trader.trade(day, *tickers)
        marked(trader, day)
    book = drift(trader, THU)
    assert causes(book) == {}
    assert book.live == Decimal(1000000) + 1000 - 1000
    assert (book.decisions_equal, book.decisions_compared) == (4, 4)


def edited(trader: Trader, day: str, **changes: object) -> None:
    """Change every order of a file by hand, and approve it."""
    path = trader.file(day)
    data = json.loads(path.read_text())
    for order in data["orders"]:
        order.update(changes)
    path.write_text(json.dumps(data))
    assert trader.user.jutsu("approve", str(path)).code == 0


def test_an_edit_is_the_persons(trader: Trader) -> None:
    """60 of 100 shares: 40 times the four of Monday and the six of Tuesday are not made."""
    assert trader.generate(MON, "AAA").code == 0
    edited(trader, MON, quantity=60)
    assert trader.execute(MON).code == 0
    trader.trade(TUE)
    marked(trader, TUE)
    assert causes(drift(trader, TUE)) == {"held/edited": Decimal("-400.00")}


def test_a_stop_that_a_person_moved_is_the_persons(trader: Trader) -> None:
    """Wednesday falls to 97: the strategy's stop at 90 holds, the one at 98 sells, and it rises again."""
    trader.stocks.level("AAA", TUE, 100.0)
    trader.stocks.bar("AAA", WED, 100.0, 100.0, 97.0, 100.0)
    assert trader.generate(MON, "AAA").code == 0
    edited(trader, MON, stop={"price": 98.0, "time_in_force": "gtc"})
    assert trader.execute(MON).code == 0
    for day in (TUE, WED, THU):
        trader.trade(day)
        marked(trader, day)
    assert [row[2] for row in trader.closed()] == [98.0]
    assert causes(drift(trader, THU)) == {"held/edited": Decimal("-200.00")}


def test_a_missed_session_is_missed(trader: Trader) -> None:
    """The file of Monday was made, nobody executed it: 400 of Monday and 600 of Tuesday are not made."""
    assert trader.generate(MON, "AAA").code == 0
    trader.trade(TUE)
    marked(trader, TUE)
    assert causes(drift(trader, TUE)) == {"missed": Decimal("-1000.00")}


def test_a_worse_fill_is_slippage_and_its_commission_costs(trader: Trader) -> None:
    trader.user.set(execution={"slippage_pct": 0.25, "commission_per_order": 1.5})
    trader.trade(MON, "AAA")
    marked(trader, MON)
    trader.user.set(execution={"slippage_pct": 0, "commission_per_order": 0})
    assert causes(drift(trader, MON)) == {"slippage": Decimal("-25.00"), "costs": Decimal("-1.50")}


def test_a_late_quote_is_timing(trader: Trader) -> None:
    """Executed at 09:34 at the quote of then: the paper market stands at 103 by that time."""
    assert trader.generate(MON, "AAA").code == 0
    with late_quote(1.03):
        assert trader.execute(MON).code == 0
    marked(trader, MON)
    assert causes(drift(trader, MON)) == {"timing": Decimal("-300.00")}


def test_a_deposit_comes_from_the_cash_flows(trader: Trader) -> None:
    trader.trade(MON, "AAA")
    marked(trader, MON)
    trader.user.change("update account set cash = cash + 9000", trader.user.paper)
    with trader.at(f"{TUE}T09:00") as runtime:
        day, at = date.fromisoformat(TUE), runtime.clock.now()
        runtime.ledger.cash_flows.note("d", day=day, kind="deposit", amount=Decimal(9000), at=at, note="")
    trader.trade(TUE)
    marked(trader, TUE)
    assert causes(drift(trader, TUE)) == {"cash flows": Decimal("9000.00")}


def test_the_week_of_such_a_book_has_its_backtest_and_adds_up(trader: Trader) -> None:
    for day, tickers in ((MON, ("AAA",)), (TUE, ())):
        trader.trade(day, *tickers)
        marked(trader, day)
    with trader.at("2026-02-08T12:00") as runtime:
        (book,) = weekly_of(runtime.context, runtime.feed).model.books
    assert (book.backtest.missing, book.backtest.sessions, book.backtest.behind) == ("", 2, 0)
    assert book.made == book.backtest.made == book.backtest.simulated == pytest.approx(0.001)
    assert book.backtest.gap == 0.0
