"""`jutsu backup`, `backup rehearse` and `restore` as a person uses them."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from live.ledger.backup import backups
from live.ledger.generation import RESTORED
from tests.support.user_world import FIRST, User, called, jutsu, new_user, tree


@pytest.fixture
def user(tmp_path: Path) -> User:
    made = new_user(tmp_path / "jutsu")
    made.trade(FIRST)
    return made


def restored(*arguments: str, answer: str = "") -> tuple[int, str]:
    before, sys.stdin = sys.stdin, io.StringIO(answer)
    try:
        ran = called(lambda: jutsu(["restore", *arguments]))
    finally:
        sys.stdin = before
    return ran.code, ran.text


def test_backup_names_the_copy(user: User) -> None:
    ran = user.jutsu("backup")
    assert ran.code == 0
    assert Path(ran.out.removeprefix("backup: ").strip()) in {
        path for _, path in backups(user.db.parent / "backups")
    }
    assert json.loads(user.jutsu("backup", "--json").out)["backup"]


def test_one_file_checked_rehearsed_and_restored(user: User, tmp_path: Path) -> None:
    made = Path(json.loads(user.jutsu("backup", "--to", str(tmp_path / "out"), "--json").out)["backup"])
    code, text = restored(str(made), "--into", str(tmp_path / "new"), "--check")
    assert (code, "whole" in text, (tmp_path / "new").exists()) == (0, True, False)
    shown = user.jutsu("backup", "rehearse", str(made))
    assert shown.code == 0, shown.text
    assert "the rehearsal passed" in shown.out
    assert json.loads(user.jutsu("backup", "rehearse", "--json").out)["again"][0]["verdict"] == "same"
    code, text = restored(str(made), "--into", str(tmp_path / "new"))
    assert code == 0, text
    assert RESTORED in text
    new = User(tmp_path / "new")
    assert any(RESTORED in line for line in json.loads(new.jutsu("status", "--json").out)["problems"])
    assert (tmp_path / "new" / "state" / "ledger.db").exists()


def test_a_ledger_is_replaced_for_the_typed_words_only(user: User, tmp_path: Path) -> None:
    made = Path(json.loads(user.jutsu("backup", "--to", str(tmp_path / "out"), "--json").out)["backup"])
    places = ("config", "state", "signals")
    before = [tree(user.root / place) for place in places]
    for answer in ("", "yes\n", "replace\n"):
        code, text = restored(str(made), "--into", str(user.root), answer=answer)
        assert code == 2, text
        assert re.search("nothing (more )?was done", text)
    assert [tree(user.root / place) for place in places] == before
    code, text = restored(str(made), "--into", str(user.root), answer="replace my ledger\n")
    assert code == 0, text
    assert "before-restore" in text


def test_what_is_no_archive_is_one_line(user: User, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    code, text = restored(str(tmp_path / "file"), "--into", str(tmp_path / "new"))
    assert code == 2
    assert text.count("\n") == 1
    assert "Traceback" not in text


def test_a_copy_of_the_ledger_alone_is_told_from_a_damaged_archive(user: User) -> None:
    _, copy = backups(user.db.parent / "backups")[0]
    for flags in (("--into", str(user.root)), ("--check",)):
        code, text = restored(str(copy), *flags)
        assert code == 2
        assert "an intact copy of a ledger alone" in text
        assert "`jutsu recover`" in text
    copy.write_bytes(copy.read_bytes()[:9000])
    assert "damaged or cut off" in restored(str(copy), "--check")[1]
