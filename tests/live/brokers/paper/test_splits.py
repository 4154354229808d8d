"""A split is booked once: shares, average, stops; a part of a share becomes cash."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from backtest.data.quality.actions import CorporateAction
from live.brokers.paper.broker import PaperBroker
from live.brokers.paper.splits import book_split
from live.system.clock import SimulatedClock
from tests.support.exec_world import AT, DAY, ScriptedFeed
from tests.support.paper_world import buy, paper, stop

AFTER = DAY + timedelta(days=1)


def split(ratio: str, day: date = AFTER) -> CorporateAction:
    return CorporateAction("AAA", day, "split", Fraction(ratio), source="test")


@pytest.fixture
def account(tmp_path: Path, feed: ScriptedFeed, clock: SimulatedClock) -> tuple[Path, PaperBroker]:
    """An account file with 7 AAA and a stop for them."""
    path = tmp_path / "ledger.paper.db"
    broker = paper(feed, clock, path)
    broker.submit(buy(quantity=7))
    broker.submit(stop("90", 7))
    return path, broker


def stops(broker: PaperBroker) -> list[tuple[int, Decimal | None]]:
    listed = broker.orders(AT - timedelta(days=1), AT + timedelta(days=1))
    return [(o.quantity, o.stop_price) for o in listed if o.order_type == "stop" and not o.state.terminal]


def test_a_forward_split_moves_shares_average_and_stop_once(account: tuple[Path, PaperBroker]) -> None:
    path, broker = account
    before = broker.kept()
    assert book_split(path, split("4")) == "the paper account has booked it: AAA 7 -> 28 shares"
    assert book_split(path, split("4")) == ""
    after = broker.kept()
    assert after.shares() == {"AAA": 28}
    assert (after.cash, after.equity) == (before.cash, before.equity)
    assert stops(broker) == [(28, Decimal("22.50"))]


def test_a_reverse_split_pays_the_part_of_a_share_and_ends_the_stop(
    account: tuple[Path, PaperBroker],
) -> None:
    path, broker = account
    before = broker.kept()
    assert "AAA 7 -> 1 shares" in book_split(path, split("1/4"))
    after = broker.kept()
    assert after.shares() == {"AAA": 1}
    assert after.cash is not None
    assert before.cash is not None
    assert before.equity is not None
    assert after.equity == pytest.approx(before.equity, abs=Decimal("0.02"))
    assert [row.amount for row in broker.cash_movements(DAY)] == [after.cash - before.cash]
    assert stops(broker) == []


def test_what_was_traded_since_is_left_to_a_person(account: tuple[Path, PaperBroker]) -> None:
    path, broker = account
    assert "traded AAA since" in book_split(path, split("4", DAY))
    assert broker.kept().shares() == {"AAA": 7}


def test_nothing_is_made_where_nothing_is_held(tmp_path: Path, account: tuple[Path, PaperBroker]) -> None:
    other = CorporateAction("BBB", AFTER, "split", Fraction(2), source="test")
    assert book_split(account[0], other) == ""
    assert book_split(tmp_path / "none.paper.db", split("2")) == ""
    assert not (tmp_path / "none.paper.db").exists()
