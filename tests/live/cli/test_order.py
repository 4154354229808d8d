"""`jutsu order`: edits that keep the schema and the approval rules; nothing invalid is ever written."""

import json
from pathlib import Path

import pytest

from tests.support.user_world import FIRST, Ran, User, new_user


@pytest.fixture
def user(tmp_path: Path) -> User:
    """A new user on the demo market."""
    return new_user(tmp_path / "jutsu")


@pytest.fixture
def fresh_file(user: User) -> User:
    """A user whose first signal file waits to be executed."""
    assert user.generate(FIRST).code == 0
    return user


AT = ["--as-of", f"{FIRST}T15:56"]


def order(user: User, command: str, *words: str) -> Ran:
    return user.jutsu("order", command, str(user.file(FIRST)), *words, *AT)


def orders(user: User) -> list[dict[str, object]]:
    found = json.loads(user.file(FIRST).read_text())["orders"]
    assert isinstance(found, list)
    return found


def test_an_edit_is_written_approved_and_executed(fresh_file: User) -> None:
    first, second = (str(one["client_order_id"]) for one in orders(fresh_file))
    ran = order(fresh_file, "set", first, "--quantity", "7", "--note", "less")
    assert ran.code == 0, ran.text
    assert "jutsu approve" in ran.out
    assert order(fresh_file, "drop", second).code == 0
    refused = fresh_file.execute(AT[1])
    assert refused.code == 2, "an edit is approved by nobody but a person"
    assert fresh_file.jutsu("approve", str(fresh_file.file(FIRST)), *AT).code == 0
    assert fresh_file.execute(AT[1]).code == 0
    assert [(row[0], row[2]) for row in fresh_file.orders()] == [(first, 7)]


def test_an_added_order_trades(fresh_file: User) -> None:
    for one in orders(fresh_file):
        assert order(fresh_file, "set", str(one["client_order_id"]), "--disable").code == 0
    ran = order(fresh_file, "add", "tlt", "--side", "buy", "--quantity", "3")
    assert ran.code == 0, ran.text
    assert fresh_file.jutsu("approve", str(fresh_file.file(FIRST)), *AT).code == 0
    assert fresh_file.execute(AT[1]).code == 0
    assert [(row[0], row[2]) for row in fresh_file.orders()] == [("20240102_TLT_entry_buy", 3)]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["set", "QQQ", "--quantity", "999999"], 7),
        (["set", "QQQ", "--stop", "999999"], 2),
        (["set", "QQQ"], 2),
        (["set", "QQQ", "--stop", "1", "--no-stop"], 2),
        (["set", "NOBODY", "--disable"], 2),
        (["drop", "NOBODY"], 2),
        (["add", "QQQ", "--side", "sell", "--quantity", "5"], 2),
        (["add", "AAPL", "--side", "buy", "--quantity", "5"], 2),
        (["set", "QQQ", "--quantity", "0"], 2),
    ],
)
def test_what_would_be_refused_is_not_written(fresh_file: User, words: list[str], code: int) -> None:
    before = fresh_file.file(FIRST).read_bytes()
    ran = order(fresh_file, *words)
    assert ran.code == code, ran.text
    assert "Traceback" not in ran.text
    assert fresh_file.file(FIRST).read_bytes() == before


def test_an_edit_voids_the_approval_before_it(fresh_file: User) -> None:
    assert fresh_file.jutsu("approve", str(fresh_file.file(FIRST)), *AT).code == 0
    assert order(fresh_file, "set", "QQQ", "--quantity", "5").code == 0
    assert fresh_file.execute(AT[1]).code == 2
    assert fresh_file.orders() == []


def test_after_execution_there_is_nothing_to_edit(fresh_file: User) -> None:
    assert fresh_file.execute(FIRST).code == 0
    ran = order(fresh_file, "drop", "QQQ")
    assert ran.code == 2
    assert "already executed" in ran.err
