"""One of the two sides was deleted: never "all is well", and what the message names leads out."""

from __future__ import annotations

import json

from live.ledger.generation import BEGUN_ANEW
from tests.support.user_world import SWITCH, User


def remove(user: User, name: str) -> None:
    """Delete a database with everything SQLite keeps beside it."""
    for path in (user.root / "state").glob(f"{name}*"):
        path.unlink()


def problems(user: User) -> list[str]:
    found: list[str] = json.loads(user.jutsu("status", "--json").out)["problems"]
    return found


def books(user: User) -> tuple[str, str]:
    checks = json.loads(user.jutsu("doctor", "--json").out)["checks"]
    (check,) = [one for one in checks if one["name"] == "books"]
    return check["verdict"], check["detail"]


def trades_on(user: User) -> None:
    assert user.generate(SWITCH, "--force").code == 0
    done = user.execute(SWITCH)
    assert done.code == 0, done.text
    held = dict(user.rows("positions", "symbol, quantity", user.paper))
    known = dict(user.rows("positions", "symbol, quantity"))
    assert held == {symbol: known[symbol] for symbol in held} != {}
    assert problems(user) == []


def test_a_ledger_that_is_gone_comes_back_from_its_backup(invested: User) -> None:
    assert problems(invested) == []
    assert books(invested)[0] == "ok"
    remove(invested, "ledger.db")
    (line,) = problems(invested)
    assert "the ledger is empty and the account holds" in line
    assert "`jutsu recover`" in line
    assert books(invested) == ("failed", line)
    assert invested.jutsu("recover", "--yes").code == 0
    assert books(invested)[0] == "ok"
    assert invested.jutsu("reconcile").code == 0
    assert invested.jutsu("resume").code == 0
    trades_on(invested)


def test_a_ledger_made_anew_by_another_command_comes_back_from_its_backup(invested: User) -> None:
    assert invested.jutsu("backup").code == 0
    runs = invested.rows("run_log", "session, variant")
    invested.db.unlink()
    assert invested.jutsu("config", "set", "safety.slippage_flag_pct", "0.4").code == 0
    refused = invested.generate(SWITCH)
    assert (refused.code, BEGUN_ANEW in refused.text) == (8, True)
    assert any(BEGUN_ANEW in line for line in problems(invested))
    assert invested.jutsu("recover", "--yes").code == 0
    assert invested.rows("run_log", "session, variant") == runs
    assert invested.jutsu("reconcile").code == 0
    assert invested.jutsu("resume").code == 0
    assert problems(invested) == []


def test_a_paper_account_that_is_gone_is_begun_anew(invested: User) -> None:
    """A new account numbers its orders anew: its ids must not be those the ledger knows."""
    remove(invested, "ledger.paper.db")
    (line,) = problems(invested)
    assert "the account holds nothing and the ledger" in line
    assert books(invested) == ("failed", line)
    assert not invested.paper.exists()
    assert invested.execute(SWITCH).code == 4
    assert not any("no order was filled" in text for text in problems(invested))
    assert invested.jutsu("reconcile", "--adopt").code == 0
    assert books(invested)[0] == "ok"
    trades_on(invested)
