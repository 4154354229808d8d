"""The sessions of a book as the ledger keeps them: what was planned, wanted, sent and filled."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from backtest.data.quality.actions import CorporateAction
from backtest.reporting.drift.facts import LiveBook, LiveSession
from live.validation.live_book import read_live_book
from tests.support.drift_stages import FIRST, SECOND, SWITCH, THIRD, Stages, opened


def book_of(stages: Stages, *splits: CorporateAction) -> LiveBook:
    found = read_live_book(stages.runtime.ledger, "golden", splits)
    assert found is not None
    return found


def session_of(book: LiveBook, day: date) -> LiveSession:
    return next(live for live in book.sessions if live.session == day)


def test_without_a_marked_close_there_is_no_book(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.generate(FIRST)
        stages.execute(FIRST)  # marked inside the window only
        assert read_live_book(stages.runtime.ledger, "golden") is None


def test_a_session_that_was_carried_out(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade(until=SECOND)
        book = book_of(stages)
        assert (book.cash, book.positions, len(book.sessions)) == (Decimal("100000.0"), {}, 2)
        first, second = book.sessions
        assert first.planned == first.wanted == first.sent == first.filled
        assert set(first.quotes) == set(first.planned)
        assert len(first.planned) == 2
        assert (first.carried_out, first.missed, first.rebalance) == (True, False, True)
        assert (second.planned, second.rebalance, second.carried_out) == ({}, False, True)
        series = stages.runtime.ledger.snapshots.series("golden")
        assert [live.equity for live in book.sessions] == [Decimal(f"{row.equity:.2f}") for row in series]


def test_what_a_person_left_of_a_file(tmp_path: Path) -> None:
    def edited(stages: Stages, day: date) -> None:
        stages.generate(day)
        seen: list[str] = []

        def off(order: dict[str, Any]) -> None:
            if not seen:
                order["enabled"] = False
            else:
                order["quantity"] -= 1
            seen.append(order["symbol"])

        stages.edit(day, off)
        stages.execute(day)

    with opened(tmp_path) as stages:
        stages.trade(d20240102=edited, until=FIRST)
        (live,) = book_of(stages).sessions
        (left,) = live.wanted
        assert live.wanted[left] == live.planned[left] - 1
        assert live.sent == live.filled == live.wanted
        assert len(live.planned) == 2
        assert live.carried_out


def test_a_session_without_a_run_is_missed(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade(d20240104=lambda *_: None, until=SWITCH)
        live = session_of(book_of(stages), THIRD)
        assert (live.missed, live.carried_out, live.figures) == (True, False, None)


def test_a_file_that_was_never_executed_is_missed_with_its_decision(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade(d20240105=lambda stages, day: stages.generate(day), until=SWITCH)
        live = session_of(book_of(stages), SWITCH)
        assert (live.missed, live.sent, live.carried_out) == (True, {}, False)
        assert live.planned == live.wanted != {}
        assert live.figures is not None


def test_cash_counts_before_the_decision_when_it_was_known(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade(until=THIRD)
        flows, now = stages.runtime.ledger.cash_flows, stages.clock.now()
        early = now - timedelta(hours=3)
        for name, day, amount, at in (
            ("before", THIRD, 10, early),
            ("after", THIRD, 20, now),
            ("the book began with it", FIRST, 40, early - timedelta(days=2)),
            ("of another year", date(2023, 5, 1), 80, early),
        ):
            flows.note(name, day=day, kind="dividend", amount=Decimal(amount), at=at)
        book = book_of(stages)
        assert [(s.cash_before, s.cash_after) for s in book.sessions] == [(0, 0), (0, 0), (10, 20)]


def test_what_was_traded_before_a_split_counts_in_todays_shares(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade(until=SECOND)
        plain = book_of(stages).sessions[0]
        symbol = next(iter(plain.planned))
        split = CorporateAction(symbol, THIRD, "split", Fraction(3, 2))
        after = book_of(stages, split).sessions[0]
        assert after.planned[symbol] == int(plain.planned[symbol] * Fraction(3, 2))
        (old,), (new,) = ([f for f in live.fills if f.symbol == symbol] for live in (plain, after))
        assert new.price == old.price * 2 / 3
        assert after.quotes[symbol] == float(new.price)
        bought_after = CorporateAction(symbol, FIRST, "split", Fraction(2))
        assert book_of(stages, bought_after).sessions[0].planned == plain.planned
