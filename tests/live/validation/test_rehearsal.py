"""The account of a rehearsal: where most sessions ran without money at stake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from live.ledger.ledger import Ledger
from live.validation.rehearsal import rehearsal

MON, TUE, WED = (date(2024, 3, day) for day in (18, 19, 20))
NOW = datetime(2024, 3, 20, 21, tzinfo=UTC)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open("sqlite://", account="alpaca-1234", now=NOW - timedelta(days=9)) as opened:
        yield opened


def executed(ledger: Ledger, *days: date) -> None:
    for day in days:
        ledger.runs.executed(day, "golden", at=NOW, exit_code=0, outcome="completed")


@pytest.mark.parametrize(
    ("paper", "alpaca", "account"),
    [((MON, TUE), (MON,), "paper"), ((MON,), (MON, TUE), "alpaca-paper-9876"), ((), (), "paper")],
)
def test_the_rehearsal_is_where_most_sessions_ran_without_money(
    ledger: Ledger, paper: tuple[date, ...], alpaca: tuple[date, ...], account: str
) -> None:
    executed(ledger, MON, TUE, WED)  # with money
    executed(ledger.for_account("paper"), *paper)
    executed(ledger.for_account("alpaca-paper-9876"), *alpaca)
    name, found = rehearsal(ledger, "golden")
    assert name == account
    assert len(found.runs.recent(9, "golden")) == max(len(paper), len(alpaca))
