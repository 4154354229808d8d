"""Folds: windows by the calendar, nothing shared between train and test, every session pooled once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError, UsageError
from backtest.research.folds import ANCHORED, KINDS, ROLLING, FoldPlan, Span, cut, parse_span

DAYS = [day for k in range(2_600) if (day := date(2015, 1, 1) + timedelta(days=k)).weekday() < 5]


def plan(
    kind: str = ROLLING, train: str = "3y", test: str = "1y", step: str = "1y", purge: int = 0
) -> FoldPlan:
    return FoldPlan(kind, parse_span(train, ""), parse_span(test, ""), parse_span(step, ""), purge)


def test_rolling_windows_move_and_anchored_ones_grow() -> None:
    rolling, anchored = cut(plan(), DAYS), cut(plan(ANCHORED), DAYS)
    assert [DAYS[fold.test[0]].year for fold in rolling] == [2018, 2019, 2020, 2021]
    assert [DAYS[fold.train[0]].year for fold in rolling] == [2015, 2016, 2017, 2018]
    assert {fold.train[0] for fold in anchored} == {0}
    assert [fold.test for fold in anchored] == [fold.test for fold in rolling]


def test_purge_drops_the_end_of_the_train_window() -> None:
    for fold, purged in zip(cut(plan(), DAYS), cut(plan(purge=5), DAYS), strict=True):
        assert fold.train[1] + 1 == fold.test[0]
        assert purged.train[1] == fold.train[1] - 5
        assert purged.test == fold.test


@given(
    st.sampled_from(KINDS),
    st.integers(60, 400),
    st.integers(30, 200),
    st.integers(20, 250),
    st.integers(0, 20),
    st.integers(0, 300),
)
def test_every_session_is_pooled_at_most_once_and_after_its_train_window(
    kind: str, train: int, test: int, step: int, purge: int, start: int
) -> None:
    folds = cut(plan(kind, f"{train}d", f"{test}d", f"{step}d", purge), DAYS, start)
    pooled = [row for fold in folds for row in range(fold.test[0], fold.pooled_until + 1)]
    assert len(pooled) == len(set(pooled))
    for fold in folds:
        assert start <= fold.train[0] < fold.train[1] < fold.test[0] <= fold.test[1] < len(DAYS)
        assert fold.train[1] + purge + 1 == fold.test[0]


def test_no_room_for_a_fold_is_said() -> None:
    with pytest.raises(DataError, match="no fold fits"):
        cut(plan(train="9y"), DAYS)


@pytest.mark.parametrize(("text", "span"), [("3y", (3, "y")), (" 6M ", (6, "m")), ("180 d", (180, "d"))])
def test_spans(text: str, span: tuple[int, str]) -> None:
    found = parse_span(text, "")
    assert (found.count, found.unit) == span


@pytest.mark.parametrize("raw", [None, 3, "3", "y", "0y", "-1y", "3 years", "1.5y", "99999y"])
def test_no_spans(raw: object) -> None:
    with pytest.raises(UsageError, match="must be a span"):
        parse_span(raw, "walk_forward.train")


def test_months_end_where_the_shorter_month_ends() -> None:
    assert Span(1, "m").after(date(2023, 1, 31)) == date(2023, 2, 28)
    assert Span(1, "y").after(date(2024, 2, 29)) == date(2025, 2, 28)
    assert Span(13, "m").after(date(2023, 12, 5)) == date(2025, 1, 5)
