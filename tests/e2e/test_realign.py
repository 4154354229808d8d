"""Off target after an edit, and `jutsu realign`: over both real stages, judged by the paper account."""

import contextlib
import json
import sqlite3
from typing import Any

import pytest

from tests.support.user_world import SWITCH, User

MONDAY, TUESDAY, WEDNESDAY = "2024-01-08", "2024-01-09", "2024-01-10"


@pytest.fixture
def off_target(invested: User) -> User:
    """A user who disabled one buy of a file that was carried out: nothing proposes it again by itself."""
    path = invested.file(SWITCH)
    data = json.loads(path.read_text())
    (order,) = [one for one in data["orders"] if one["symbol"] == "TQQQ"]
    order["enabled"] = False
    path.write_text(json.dumps(data))
    done = invested.execute(SWITCH, "--accept-edits")
    assert done.code == 0, done.text
    return invested


def file_of(user: User, day: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(user.file(day).read_text())
    return found


def held(user: User) -> dict[str, int]:
    return dict(user.rows("positions", "symbol, quantity", user.paper))


def test_status_and_the_next_file_name_the_leg_and_the_command(off_target: User) -> None:
    status = off_target.jutsu("status").text
    assert "golden is off target: TQQQ: 0.0% held (0 shares)" in " ".join(status.split())
    ran = off_target.generate(MONDAY)
    assert ran.code == 0
    assert "off target: TQQQ" in ran.text
    file = file_of(off_target, MONDAY)
    assert file["orders"] == []
    assert any("jutsu realign" in text for text in file["warnings"])
    assert "off target: TQQQ" in " ".join(
        off_target.jutsu("review", str(off_target.file(MONDAY))).text.split()
    )


def test_the_next_file_brings_the_book_to_its_targets_and_no_later_one(off_target: User) -> None:
    asked = off_target.jutsu("realign")
    assert asked.code == 0
    assert "the next file of golden carries the orders" in asked.text
    assert off_target.jutsu("realign").code == 0  # asked twice is asked once
    assert "the next file carries the orders" in " ".join(off_target.jutsu("status").text.split())

    ran = off_target.generate(MONDAY)
    assert ran.code == 0
    file = file_of(off_target, MONDAY)
    assert [(one["symbol"], one["side"]) for one in file["orders"]].count(("TQQQ", "buy")) == 1
    assert any(text.startswith("realign: asked by") for text in file["warnings"])
    assert "realign: asked by" in off_target.jutsu("review", str(off_target.file(MONDAY))).text
    assert "the file of 2024-01-08 carries the orders" in off_target.jutsu("realign").text
    assert off_target.execute(MONDAY).code == 0
    assert held(off_target)["TQQQ"] > 0
    assert "off target" not in off_target.jutsu("status").text

    assert off_target.generate(TUESDAY).code == 0
    assert file_of(off_target, TUESDAY)["orders"] == []
    assert "realign" not in off_target.file(TUESDAY).read_text()
    judged = off_target.jutsu("validate", "--date", MONDAY, "--prices", str(off_target.prices))
    assert (judged.code, "RED" in judged.text) == (0, False), judged.text
    actions = [row[0] for row in off_target.rows("audit_log", "action")]
    assert actions.count("realign") == 1


def test_neither_a_dry_run_nor_a_skipped_file_uses_it_up(off_target: User) -> None:
    assert off_target.jutsu("realign").code == 0
    assert "dry run" in off_target.generate(MONDAY, "--dry-run").text
    assert off_target.generate(MONDAY).code == 0
    assert off_target.jutsu("skip", str(off_target.file(MONDAY))).code == 0
    assert off_target.execute(MONDAY).code == 0
    assert off_target.generate(TUESDAY).code == 0
    assert any(one["symbol"] == "TQQQ" for one in file_of(off_target, TUESDAY)["orders"])


def test_what_was_withdrawn_is_in_no_file(off_target: User) -> None:
    assert off_target.jutsu("realign").code == 0
    assert off_target.generate(MONDAY).code == 0
    said = off_target.jutsu("realign", "--cancel")
    assert (said.code, "the file of 2024-01-08 still carries its orders" in said.text) == (0, True)
    assert off_target.generate(MONDAY, "--force").code == 0
    assert file_of(off_target, MONDAY)["orders"] == []
    said = off_target.jutsu("realign", "--cancel")
    assert (said.code, "nothing was changed" in said.text) == (0, True)


@pytest.mark.parametrize("variant", ["titan", "ema_p10", "nobody"])
def test_a_book_without_targets_is_refused(fresh_file: User, variant: str) -> None:
    ran = fresh_file.jutsu("realign", "--variant", variant)
    assert (ran.code, "golden" in ran.text or "single stocks" in ran.text) == (2, True), ran.text


def test_after_an_adoption_the_next_file_proposes_by_itself(invested: User) -> None:
    assert invested.execute(SWITCH).code == 0
    with contextlib.closing(sqlite3.connect(invested.paper)) as connection, connection:
        connection.execute("delete from positions where symbol = 'TQQQ'")
    assert invested.jutsu("reconcile", "--adopt").code == 0
    status = " ".join(invested.jutsu("status").text.split())
    assert "off target: TQQQ: 0.0% held" in status
    assert "the next decision starts from what is held" in status
    assert invested.generate(MONDAY).code == 0
    assert any(one["symbol"] == "TQQQ" for one in file_of(invested, MONDAY)["orders"])
