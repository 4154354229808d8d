"""`jutsu replay` and `jutsu demo`: which sessions are played, and what is refused before anything is made."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.cli.replay import _clear, _last_closed, _require_money, _sessions_back
from tests.support.user_world import User, new_user


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    made = new_user(tmp_path / "jutsu")
    monkeypatch.chdir(made.root)
    return made


@pytest.mark.parametrize("cash", [0.0, -1.0, float("nan"), float("inf")])
def test_only_money_is_money(cash: float) -> None:
    with pytest.raises(UsageError, match="no amount to start with"):
        _require_money(cash)
    _require_money(None)
    _require_money(0.01)


def test_a_count_of_sessions_ends_with_the_last_one() -> None:
    last = date(2024, 1, 5)
    assert _sessions_back(last, 1) == last
    assert _sessions_back(last, 4) == date(2024, 1, 2)
    assert _sessions_back(last, 5) == date(2023, 12, 29)  # over New Year and a weekend


@pytest.mark.parametrize(
    ("until", "last"),
    [
        (date(2024, 1, 5), date(2024, 1, 5)),
        (date(2024, 1, 7), date(2024, 1, 5)),  # a Sunday
        (date(2024, 1, 1), date(2023, 12, 29)),
    ],
)
def test_the_demo_ends_with_a_session_that_closed(until: date, last: date) -> None:
    assert _last_closed(until) == last
    assert _last_closed(None) >= last
    assert _last_closed(date(2046, 1, 5)) == _last_closed(None)  # never one to come


def test_a_demo_clears_its_own_folder_only(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old").touch()
    (tmp_path / "mine").touch()
    for _ in range(2):
        _clear(tmp_path / "demo")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_replay_says_what_every_book_did(user: User) -> None:
    ran = user.jutsu("replay", "--start", "2024-01-02", "--end", "2024-01-03", "--json")
    assert ran.code == 0, ran.text
    view = json.loads(ran.out)
    assert (view["sessions"], view["failures"]) == (2, [])
    assert {book["variant"] for book in view["variants"]} == {"golden", "titan"}
    assert Path(view["equity_file"]).exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--start", "2024-01-02", "--end", "soon"), "is not a date"),
        (("--start", "2024-01-02", "--end", "2024-01-03", "--cash", "-5"), "no amount to start with"),
    ],
)
def test_a_mistake_is_refused_before_anything_is_made(
    user: User, words: tuple[str, ...], problem: str
) -> None:
    ran = user.jutsu("replay", *words)
    assert ran.code == 2
    assert problem in ran.err
    assert not (user.root / "out").exists()


def test_there_are_three_demos(user: User) -> None:
    ran = user.jutsu("demo", "--strategy", "crypto")
    assert ran.code == 2
    assert "use allocation, earnings or orb" in ran.err
