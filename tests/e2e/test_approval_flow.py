"""What a person may do between the stages, and what happens when nobody does anything."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.user_world import FIRST, SECOND, SWITCH, User, unchanged

INSIDE, LATE = f"{FIRST}T15:56", f"{FIRST}T15:59:30"


def edit(user: User, day: str, change: Callable[..., Any]) -> Path:
    path = user.file(day)
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data, indent=2) + "\n")
    return path


def fewer(data: dict[str, Any]) -> None:
    data["orders"][0]["quantity"] = 100
    data["orders"][0]["note"] = "careful today"


def test_an_edited_file_waits_for_approval(fresh_file: User) -> None:
    edit(fresh_file, FIRST, fewer)
    account = fresh_file.paper_account()
    with unchanged(fresh_file.signals):
        ran = fresh_file.execute(FIRST)
    assert ran.code == 2
    assert "$.orders[0].quantity" in ran.err
    assert "304" in ran.err
    assert "100" in ran.err
    assert "approve" in ran.err
    assert fresh_file.orders() == []
    assert fresh_file.paper_account() == account


def test_one_changed_byte_of_white_space_counts_as_edited(fresh_file: User) -> None:
    path = fresh_file.file(FIRST)
    path.write_bytes(path.read_bytes() + b"\n")
    assert fresh_file.execute(FIRST).code == 2
    assert fresh_file.orders() == []


def test_accept_edits_executes_the_edited_quantities(fresh_file: User) -> None:
    edit(fresh_file, FIRST, fewer)
    ran = fresh_file.execute(FIRST, "--accept-edits")
    assert ran.code == 0, ran.text
    assert [row[2:5] for row in fresh_file.orders()] == [(100, "FILLED", 100), (429, "FILLED", 429)]


def test_a_disabled_and_a_deleted_order_stay(fresh_file: User) -> None:
    def change(data: dict[str, Any]) -> None:
        data["orders"][0]["enabled"] = False
        del data["orders"][1]

    edit(fresh_file, FIRST, change)
    assert fresh_file.execute(FIRST, "--accept-edits").code == 0
    assert fresh_file.orders() == []


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("$.orders[0].reference_price", lambda d: d["orders"][0].update(reference_price=1.0)),
        ("$.orders[0].rank", lambda d: d["orders"][0].update(rank=99.0)),
        ("$.inputs.account.cash", lambda d: d["inputs"]["account"].update(cash=9e9)),
        ("$.decision.memory", lambda d: d["decision"]["memory"].update(extra=1)),
        ("$.strategy.parameters", lambda d: d["strategy"]["parameters"].update(sma_slow=10)),
    ],
)
def test_what_nobody_may_edit_is_refused_even_with_accept_edits(
    fresh_file: User, where: str, change: Callable[..., Any]
) -> None:
    edit(fresh_file, FIRST, change)
    ran = fresh_file.execute(FIRST, "--accept-edits")
    assert ran.code == 2
    assert where in ran.err
    assert fresh_file.orders() == []


def test_jutsu_approve_binds_the_exact_bytes(fresh_file: User) -> None:
    path = edit(fresh_file, FIRST, fewer)
    approved = fresh_file.jutsu("approve", str(path))
    assert approved.code == 0, approved.text
    more = fresh_file.copy(fresh_file.root.parent / "again")
    assert fresh_file.execute(INSIDE).code == 0
    assert [row[2] for row in fresh_file.orders()] == [100, 429]
    edit(more, FIRST, lambda data: data["orders"][0].update(quantity=101))
    assert more.execute(INSIDE).code == 2
    assert more.orders() == []


def test_required_approval_and_silence_skip_entries_but_not_exits(invested: User) -> None:
    invested.set(approval={"policy": "required"})
    ran = invested.execute(SWITCH)
    assert ran.code == 0
    sent = invested.orders()[2:]
    assert [(row[0], row[3]) for row in sent] == [("20240105_TMF_exit_sell", "FILLED")]
    assert ("golden", SWITCH, "partial") in invested.rows("run_log", "variant, session, outcome")


def test_required_approval_given_trades_everything(invested: User) -> None:
    invested.set(approval={"policy": "required"})
    approved = invested.jutsu("approve", str(invested.file(SWITCH)))
    assert approved.code == 0, approved.text
    assert invested.execute(SWITCH).code == 0
    assert len(invested.orders()) == 5


def test_an_approval_ends_with_its_window(invested: User) -> None:
    invested.set(approval={"policy": "required"})
    assert invested.jutsu("approve", str(invested.file(SWITCH))).code == 0
    ran = invested.execute(f"{SWITCH}T15:59:30", "--skip-time-check")
    assert ran.code == 0, ran.text
    assert [row[0] for row in invested.orders()[2:]] == ["20240105_TMF_exit_sell"]


def test_skip_trades_nothing(invested: User) -> None:
    skipped = invested.jutsu("skip", str(invested.file(SWITCH)))
    if skipped.code == 2:
        skipped = invested.jutsu("review", str(invested.file(SWITCH)), "--skip")
    assert skipped.code == 0, skipped.text
    assert invested.execute(SWITCH).code == 0
    assert len(invested.orders()) == 2


def test_force_voids_an_approval(fresh_file: User) -> None:
    path = edit(fresh_file, FIRST, fewer)
    assert fresh_file.jutsu("approve", str(path)).code == 0
    edited = path.read_bytes()
    assert fresh_file.generate(FIRST, "--force").code == 0
    path.write_bytes(edited)
    assert fresh_file.execute(INSIDE).code == 2
    assert fresh_file.orders() == []


def test_a_skipped_proposal_comes_again_the_next_session(fresh_file: User) -> None:
    """The strategy's memory moves on only when a file was carried out."""
    fresh_file.set(approval={"policy": "required"})
    assert fresh_file.execute(FIRST).code == 0
    assert fresh_file.orders() == []
    fresh_file.set(approval={"policy": "auto"})
    fresh_file.trade(SECOND)
    assert [row[0] for row in fresh_file.orders()] == ["20240103_QQQ_entry_buy", "20240103_TMF_entry_buy"]
