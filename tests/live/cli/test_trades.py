"""`jutsu trades` and `jutsu export`: the same rows on the screen, as a table of a spreadsheet, as JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from pathlib import Path

import pytest

from live.views.trades import TradeRow
from tests.support.user_world import FIRST, User, new_user


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    made = new_user(tmp_path_factory.mktemp("trades") / "jutsu")
    made.trade(FIRST)
    return made


def test_a_new_account_has_no_trades(user: User, tmp_path: Path) -> None:
    new = new_user(tmp_path / "jutsu")
    assert new.jutsu("reconcile", "--adopt").code == 0
    assert new.jutsu("trades").out == "no trades yet\n"
    assert json.loads(new.jutsu("trades", "--json").out) == []
    assert list(csv.reader(io.StringIO(new.jutsu("export").out))) == [[f.name for f in fields(TradeRow)]]


def test_screen_json_and_csv_say_the_same(user: User) -> None:
    rows = json.loads(user.jutsu("trades", "--json").out)
    assert rows
    exported = list(csv.DictReader(io.StringIO(user.jutsu("export").out)))
    assert [(r["symbol"], r["quantity"], r["fill_price"]) for r in exported] == [
        (r["symbol"], str(r["quantity"]), str(r["fill_price"])) for r in reversed(rows)
    ]
    assert json.loads(user.jutsu("export", "--json").out) == list(reversed(rows))
    screen = user.jutsu("trades").out
    assert all(row["symbol"] in screen for row in rows)
    assert "buy (entry)" in screen


def test_the_limit_and_the_first_session_hold(user: User) -> None:
    rows = json.loads(user.jutsu("trades", "--json").out)
    assert json.loads(user.jutsu("trades", "--limit", "1", "--json").out) == rows[:1]
    assert json.loads(user.jutsu("export", "--since", "2024-01-03", "--json").out) == []
    assert user.jutsu("export", "--since", "soon").code == 2
    assert user.jutsu("trades", "--limit", "0").code == 2


def test_a_file_is_written_whole_or_the_mistake_is_said(user: User, tmp_path: Path) -> None:
    target = tmp_path / "trades.csv"
    ran = user.jutsu("export", "--output", str(target))
    assert (ran.code, ran.out) == (0, "")
    assert f"written to {target}" in ran.err
    assert target.read_text() == user.jutsu("export").out
    ran = user.jutsu("export", "--output", str(target / "below a file.csv"))
    assert ran.code == 2
    assert "cannot be written" in ran.err
