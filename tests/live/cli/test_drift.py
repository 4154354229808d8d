"""`jutsu drift` as a screen and as a document, on a user's own ledger."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from live.cli.drift import lines
from live.validation.drift import Measured
from live.views.drift import drift_of
from tests.live.views.test_drift import FOUND
from tests.support.user_world import User, new_user


@pytest.fixture
def user(tmp_path: Path) -> User:
    return new_user(tmp_path / "project")


def test_the_lines_of_a_book() -> None:
    (book,) = drift_of([Measured("golden", FOUND, notes=("a note",))]).books
    head, causes, decisions, difference, note, warning = lines(book)
    assert head == (
        "golden 2024-01-02..2024-01-05, 4 session(s)  live 1,008.00  backtest 1,020.00  "
        "gap -12.00 (-117.7 bps)"
    )
    assert causes == (
        "data 0.00  held/edited 0.00  missed -13.00  rounding 0.00  timing 0.00  slippage 0.00  costs 0.00  "
        "cash flows 0.00  unexplained +1.00"
    )
    assert decisions.startswith("decisions equal 3/4   tracking error ")
    assert difference == "  2024-01-04: cell 3 vs 4, z 0.998 vs 1.003"
    assert note == "  note: a note"
    assert "more than 5 bps a month is unexplained" in warning


def test_a_fresh_ledger_says_that_nothing_was_marked(user: User) -> None:
    ran = user.jutsu("drift")
    assert ran.code == 0, ran.text
    assert "golden: not measured: no session of this book has been marked at its close yet" in ran.text
    document = json.loads(user.jutsu("drift", "--json").out)
    assert document["books"] == []


def test_a_shadow_is_refused(user: User) -> None:
    ran = user.jutsu("drift", "--variant", "titan")
    assert ran.code == 2
    assert "titan is no primary" in ran.text


def test_since_must_be_a_date(user: User) -> None:
    assert user.jutsu("drift", "--since", "yesterday").code == 2


def test_money_is_a_decimal_in_the_view() -> None:
    (book,) = drift_of([Measured("golden", FOUND)]).books
    assert isinstance(book.gap, Decimal)
