"""`jutsu live`: the founding names for what the stages and views do."""

import io
from pathlib import Path

import pytest

from tests.support.user_world import FIRST, Ran, User, called, jutsu, new_user


@pytest.fixture
def user(tmp_path: Path) -> User:
    """A new user on the demo market."""
    return new_user(tmp_path / "jutsu")


@pytest.fixture
def fresh_file(user: User) -> User:
    """A user whose first signal file waits to be executed."""
    assert user.generate(FIRST).code == 0
    return user


def live(user: User, *words: str) -> Ran:
    flags = ["--config", str(user.config), "--as-of", FIRST]
    return called(lambda: jutsu(["live", *flags, *words]))


def test_both_stages_run(user: User) -> None:
    ran = live(user, "--mode", "offline")
    assert ran.code == 0, ran.text
    assert "wrote" in ran.out
    assert "completed" in ran.out
    assert len(user.orders()) == 2


def test_a_failed_first_stage_ends_it(user: User) -> None:
    user.set(data={"max_price_difference_pct": -1})
    ran = live(user)
    assert ran.code == 2
    assert not user.signals.exists()


def test_the_second_stage_gives_the_code(fresh_file: User) -> None:
    path = fresh_file.file(FIRST)
    path.write_text(path.read_text().replace('"note": ""', '"note": "mine"', 1))
    assert live(fresh_file).code == 2, "edited and approved by nobody"


@pytest.mark.parametrize(("answer", "code", "orders"), [("y\n", 0, 2), ("n\n", 0, 0), ("", 2, 0)])
def test_confirm_asks_before_the_second(
    user: User, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, orders: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    ran = live(user, "--confirm")
    assert ran.code == code, ran.text
    assert len(user.orders()) == orders


def test_a_window_may_be_written_as_its_time(user: User) -> None:
    assert live(user, "--execution-time", "15:45").code == 0
    assert "15min_before_close" in user.file(FIRST).read_text()


def test_online_is_no_shortcut_to_real_orders(user: User) -> None:
    ran = called(lambda: jutsu(["live", "--mode", "online", "--config", str(user.config)]))
    assert ran.code == 2
    assert "real broker" in ran.err


def test_the_views_are_those_of_jutsu(user: User) -> None:
    user.trade(FIRST)
    for words in (["status"], ["trades", "--mode", "all"], ["export"], ["trades", "--mode", "offline"]):
        ran, same = user.jutsu("live", *words), user.jutsu(*words)
        assert (ran.code, ran.out) == (0, same.out)
        assert ran.out
    assert "QQQ" in user.jutsu("trades", "--mode", "all").out
    assert "QQQ" not in user.jutsu("trades", "--mode", "online").out
    assert user.jutsu("trades", "--mode", "sometimes").code == 2
