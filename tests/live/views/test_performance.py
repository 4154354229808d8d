"""How a book did, from what its first decision was sized with to its last close."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest

from live.ledger.ledger import GeneratedSignal, Ledger
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.views.performance import read_performance
from tests.support.ledger_samples import NOW

DAYS = [date(2026, 11, day) for day in (16, 17, 18, 19)]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened


def mark(ledger: Ledger, variant: str, equities: list[float]) -> None:
    for day, equity in zip(DAYS, equities, strict=False):
        ledger.snapshots.add(variant, day, at=NOW, mode="offline_mock", equity=equity, cash=0.0)


def decided_with(ledger: Ledger, equity: float) -> None:
    ledger.signals.record(
        GeneratedSignal(
            session=DAYS[0], variant="golden", role="primary", path="x",
            content=json.dumps({"inputs": {"account": {"equity": equity}}}),
            seal="0" * 64, bytes_sha256="0" * 64, generated_at=NOW, memory={},
        )
    )  # fmt: skip


def test_the_return_counts_from_the_equity_before_the_first_trade(ledger: Ledger) -> None:
    decided_with(ledger, 100.0)
    mark(ledger, "golden", [110.0, 120.0, 90.0, 99.0])
    (book,) = read_performance(ledger)
    assert (book.variant, book.first, book.last) == ("golden", DAYS[0], DAYS[-1])
    assert (book.start_equity, book.end_equity) == (100.0, 99.0)
    assert (book.total_return, book.max_drawdown) == (pytest.approx(-0.01), pytest.approx(-0.25))


def test_a_virtual_book_counts_from_its_first_close(ledger: Ledger) -> None:
    mark(ledger, "titan", [200.0, 250.0])
    (book,) = read_performance(ledger)
    assert (book.start_equity, book.end_equity, book.max_drawdown) == (200.0, 250.0, 0.0)
    assert book.total_return == pytest.approx(0.25)


def test_the_account_itself_is_no_book_and_a_new_ledger_has_none(ledger: Ledger) -> None:
    assert read_performance(ledger) == ()
    mark(ledger, WHOLE_ACCOUNT, [1.0])
    assert read_performance(ledger) == ()
