"""A book as its newest decision and close show it: regime, limits, allocation that adds up, figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from live.model.run import asked_for
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.views.book_now import CASH, BookNow, _shares
from live.views.inputs import ViewInputs
from live.views.status import read_status
from tests.support.user_world import FIRST, SECOND, User, new_user


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    made = new_user(tmp_path_factory.mktemp("now") / "jutsu")
    for day in (FIRST, SECOND):
        made.trade(day)
    return made


@pytest.fixture
def books(user: User) -> Iterator[dict[str, BookNow]]:
    with open_runtime("jutsu", Options(config=user.config), asked_for(f"{SECOND}T17:00:00")) as runtime:
        view = read_status(ViewInputs.of(runtime.context))
        yield {book.variant: book.now for book in view.books if book.now is not None}


def test_the_regime_and_the_limits_are_those_of_the_newest_file(books: dict[str, BookNow]) -> None:
    now = books["golden"]
    assert now.decided_on == date.fromisoformat(SECOND)
    assert set(now.regime) == {"cell", "trend_state", "vol_state"}
    assert "T_norm" in {one.figure for one in now.limits}
    for one in now.limits:
        assert one.distance >= 0


def test_the_allocation_adds_up_to_the_whole_book(books: dict[str, BookNow]) -> None:
    now = books["golden"]
    assert now.figures is not None
    assert [one.symbol for one in now.allocation] == ["QQQ", "TMF", CASH]
    assert sum(one.share for one in now.allocation) == pytest.approx(1.0)
    assert sum(one.value for one in now.allocation) == pytest.approx(now.figures.equity, abs=0.02)


def test_the_figures_are_those_of_the_snapshots_and_monitoring_is_never_green(
    user: User, books: dict[str, BookNow]
) -> None:
    now = books["golden"]
    rows = user.rows("performance_snapshots where variant = 'golden'", "equity")
    assert now.figures is not None
    assert now.figures.equity == rows[-1][0]
    assert now.figures.week_to_date == pytest.approx(rows[-1][0] / 100_000.0 - 1)
    assert now.monitoring is not None
    assert now.monitoring.state == "unknown"
    assert books["titan"].monitoring is None


def test_a_book_before_its_first_decision_has_nothing_to_show(tmp_path: Path) -> None:
    user = new_user(tmp_path / "new")
    options = Options(config=user.config)
    with open_runtime("jutsu", options, asked_for(f"{FIRST}T10:00:00")) as runtime:
        (golden, _) = read_status(ViewInputs.of(runtime.context)).books
    assert golden.now is not None
    assert (golden.now.decided_on, golden.now.limits, golden.now.allocation) == (None, (), ())
    assert golden.now.figures is None


@pytest.mark.parametrize(("value", "equity"), [(None, 100.0), (50.0, 0.0)])
def test_an_unknown_value_or_an_empty_book_has_no_allocation(value: float | None, equity: float) -> None:
    assert list(_shares({"QQQ": value}, 50.0, equity)) == []


def test_the_largest_comes_first_and_cash_last() -> None:
    found = list(_shares({"TMF": 20.0, "QQQ": 50.0}, 30.0, 100.0))
    assert [(one.symbol, one.value, one.share) for one in found] == [
        ("QQQ", 50.0, 0.5),
        ("TMF", 20.0, 0.2),
        (CASH, 30.0, 0.3),
    ]
