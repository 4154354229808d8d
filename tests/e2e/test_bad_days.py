"""Bad days with the real command lines: a misbehaving broker, books that differ, a damaged ledger."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.operations import checks as preflight
from live.system import lock as lock_module
from live.system.clock import SystemClock
from live.system.lock import single_instance
from tests.support.user_world import FIRST, SECOND, SWITCH, Ran, User, unchanged

SELL, QQQ, TQQQ = "20240105_TMF_exit_sell", "20240105_QQQ_increase_buy", "20240105_TQQQ_entry_buy"
PLANNED = {SELL: 429, QQQ: 159, TQQQ: 46}


def paper(user: User, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(user.paper)) as connection:
        connection.execute(statement, values)
        connection.commit()


def filled_at_broker(user: User) -> dict[str, int]:
    """Intent -> shares the broker filled, over all its tries."""
    rows = user.rows("orders", "id, client_id", database=user.paper)
    done: dict[str, int] = {}
    for number, name in rows:
        intent = name.split("_r")[0]
        fills = [q for o, q in user.rows("executions", "order_id, quantity", user.paper) if o == number]
        done[intent] = done.get(intent, 0) + sum(fills)
    return {name: shares for name, shares in done.items() if name.startswith("20240105")}


def books_agree(user: User) -> None:
    theirs = dict(user.rows("positions", "symbol, quantity", user.paper))
    ours = {s: q for s, q, status in user.rows("positions", "symbol, quantity, status") if status == "open"}
    assert ours == theirs


@pytest.mark.parametrize("fault", ["partial", "slow", "never", "reject", "lost_reply", "late_cancel"])
def test_whatever_the_broker_does_no_intent_is_ever_exceeded(invested: User, fault: str) -> None:
    first = invested.execute(SWITCH, "--paper-fault", fault)
    assert first.code in {0, 7, 8}, first.text
    done = filled_at_broker(invested)
    assert all(done.get(name, 0) <= shares for name, shares in PLANNED.items())
    if first.code == 0:
        books_agree(invested)
    again = invested.execute(SWITCH)
    assert again.code in {0, 7}, again.text
    done = filled_at_broker(invested)
    assert all(done.get(name, 0) <= shares for name, shares in PLANNED.items())
    books_agree(invested)
    ids = [row[0] for row in invested.rows("orders", "client_order_id")]
    assert len(set(ids)) == len(ids)
    if fault not in {"never", "reject"}:
        assert done == PLANNED


def test_a_lost_reply_is_looked_up_not_sent_again(invested: User) -> None:
    assert invested.execute(SWITCH, "--paper-fault", "lost_reply").code == 0
    assert [row[0] for row in invested.orders()[2:]] == [SELL, QQQ, TQQQ]
    assert len(invested.rows("orders", "id", invested.paper)) == 5


def test_a_rejected_exit_is_told_and_proposed_again(invested: User) -> None:
    ran = invested.execute(SWITCH, "--paper-fault", "reject")
    assert ran.code == 7
    assert "CRITICAL" in ran.err
    assert "not sold as decided: TMF" in ran.err
    assert {row[3] for row in invested.orders()[2:]} == {"REJECTED"}
    assert invested.generate("2024-01-08").code == 0
    orders = json.loads(invested.file("2024-01-08").read_text())["orders"]
    assert [(o["symbol"], o["intent"]) for o in orders] == [
        ("TMF", "exit"),
        ("QQQ", "increase"),
        ("TQQQ", "entry"),
    ]


def test_money_that_came_from_nowhere_stops_both_stages(invested: User) -> None:
    paper(invested, "update account set cash = cash + 30000")
    orders = invested.orders()
    for ran in (invested.execute(SWITCH), invested.generate("2024-01-08")):
        assert ran.code == 4
        assert "cash" in ran.err
        assert "adopt" in ran.err
    assert invested.orders() == orders
    assert not invested.file("2024-01-08").exists()
    assert invested.jutsu("reconcile", "--adopt").code == 0
    assert invested.execute(SWITCH).code == 0
    assert len(invested.orders()) == 5


@pytest.mark.parametrize(("factor", "cost", "code"), [(2, 0.5, 5), (2, 1, 4), (0.7, 1, 4)])
def test_shares_that_came_from_nowhere_stop_both_stages(
    invested: User, factor: float, cost: float, code: int
) -> None:
    """Twice the shares at half the cost are a split; at the same cost somebody bought them."""
    rows = {
        name: rest
        for name, *rest in invested.rows("positions", "symbol, quantity, average_price", invested.paper)
    }
    held, average = rows["QQQ"]
    paper(invested, "update positions set quantity = ? where symbol = 'QQQ'", int(held * factor))
    paper(invested, "update positions set average_price = ? where symbol = 'QQQ'", str(float(average) * cost))
    orders = invested.orders()
    for ran in (invested.execute(SWITCH), invested.generate("2024-01-08")):
        assert ran.code == code, ran.text
        assert "QQQ" in ran.err
    assert invested.orders() == orders
    assert invested.jutsu("reconcile").code == code
    assert invested.jutsu("reconcile", "--adopt").code == 0
    books_agree(invested)


def test_force_goes_on_after_showing_the_difference(invested: User) -> None:
    paper(invested, "update positions set quantity = 300 where symbol = 'QQQ'")
    ran = invested.execute(SWITCH, "--force")
    assert ran.code == 4, ran.text  # it traded, and they still differ
    assert SELL in [row[0] for row in invested.orders()]


def test_a_stock_bought_by_hand_is_never_touched(invested: User) -> None:
    paper(invested, "insert into positions values ('ACME', 10, '20')")
    assert invested.execute(SWITCH).code == 0
    assert dict(invested.rows("positions", "symbol, quantity", invested.paper))["ACME"] == 10
    assert not [row for row in invested.orders() if "ACME" in row[0]]


@pytest.mark.parametrize("damage", ["truncated", "empty", "text"])
def test_a_damaged_ledger_is_detected_and_left_alone(invested: User, damage: str) -> None:
    content = invested.db.read_bytes()
    invested.db.write_bytes(
        {"truncated": content[: len(content) // 2], "empty": b"", "text": b"hello " * 100}[damage]
    )
    broken = invested.db.read_bytes()
    account = invested.paper_account()
    for ran in (invested.execute(SWITCH), invested.generate("2024-01-08"), invested.jutsu("status")):
        assert ran.code == 8, ran.text
        assert "recover" in ran.err
        assert "Traceback" not in ran.text
    assert invested.db.read_bytes() == broken
    assert invested.paper_account() == account
    recovered = invested.jutsu("recover", "--yes")
    assert recovered.code == 0, recovered.text
    books_agree(invested)


def edited(user: User, day: str, change: Callable[..., Any]) -> None:
    data = json.loads(user.file(day).read_text())
    change(data)
    user.file(day).write_text(json.dumps(data, indent=2) + "\n")


def test_after_a_partial_execution_only_unsent_orders_may_change(invested: User) -> None:
    assert invested.jutsu("kill", "--entries-only").code == 0
    assert invested.execute(SWITCH).code == 0
    assert invested.jutsu("resume").code == 0
    other = invested.copy(invested.root.parent / "other")
    edited(other, SWITCH, lambda data: data["orders"][0].update(quantity=400))
    refused = other.execute(SWITCH, "--accept-edits")
    assert refused.code == 2
    assert SELL in refused.err
    assert len(other.orders()) == 3
    edited(invested, SWITCH, lambda data: data["orders"][1].update(quantity=50))
    assert invested.execute(SWITCH, "--accept-edits").code == 0
    assert [(row[0], row[4]) for row in invested.orders()[3:]] == [(QQQ, 50), (TQQQ, 46)]


def test_an_order_added_by_hand_inside_the_limits(fresh_file: User) -> None:
    def add(data: dict[str, Any]) -> None:
        price = next(q["last"] for q in data["inputs"]["quotes"] if q["symbol"] == "TLT")
        mine = {
            **data["orders"][1],
            "client_order_id": "20240102_TLT_entry_buy",
            "symbol": "TLT",
            "quantity": 10,
            "reference_price": price,
            "estimated_value": round(10 * price, 2),
            "rank": 0.01,
            "note": "by hand",
        }
        data["orders"].append(mine)

    edited(fresh_file, FIRST, add)
    assert fresh_file.execute(FIRST).code == 2
    ran = fresh_file.execute(FIRST, "--accept-edits")
    assert ran.code == 0, ran.text
    assert ("20240102_TLT_entry_buy", "buy", 10, "FILLED", 10) in fresh_file.orders()
    assert fresh_file.generate(SECOND).code == 0


def test_panic_sells_everything_and_leaves_the_switch_on(
    invested: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime(2024, 1, 5, 15, 0, tzinfo=NEW_YORK))
    monkeypatch.setattr(SystemClock, "sleep", lambda *_: None)
    monkeypatch.setattr(preflight, "crontab", lambda: None)
    ran = invested.jutsu("panic", "--yes")
    assert ran.code == 0, ran.text
    assert invested.rows("positions", "symbol", invested.paper) == []
    books_agree(invested)
    assert invested.execute(SWITCH).code == 3


def test_a_read_only_folder_is_said_so(fresh_file: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signal files cannot be written: the run ends, the ledger has no half record."""
    blocked = fresh_file.root / "blocked"
    blocked.write_text("a file where a folder should be")
    with unchanged(fresh_file.signals):
        ran = fresh_file.generate(SECOND, "--output-dir", str(blocked))
    assert ran.code == 2
    assert "blocked" in ran.err
    assert "Traceback" not in ran.text
    assert fresh_file.generate(SECOND).code == 0
    assert fresh_file.file(SECOND).exists()


def test_an_order_enabled_after_the_file_was_done_is_not_forgotten(invested: User) -> None:
    edited(invested, SWITCH, lambda data: data["orders"][2].update(enabled=False))
    assert invested.execute(SWITCH, "--accept-edits").code == 0
    assert [row[0] for row in invested.orders()[2:]] == [SELL, QQQ]
    assert "already done" in invested.execute(SWITCH, "--accept-edits").out
    edited(invested, SWITCH, lambda data: data["orders"][2].update(enabled=True))
    ran = invested.execute(SWITCH, "--accept-edits")
    assert ran.code == 0, ran.text
    assert [row[0] for row in invested.orders()[2:]] == [SELL, QQQ, TQQQ]


def test_a_run_that_was_overtaken_sends_nothing(invested: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading the file and taking the lock another run carries it out, or a person says skip."""
    other = invested.copy(invested.root.parent / "other")
    real = single_instance

    def overtaken(place: User, how: Callable[..., Any]) -> Ran:
        def lock(*given: Any, **named: Any) -> AbstractContextManager[Any]:
            monkeypatch.setattr(lock_module, "single_instance", real)
            assert how().code == 0
            return real(*given, **named)

        monkeypatch.setattr(lock_module, "single_instance", lock)
        return place.execute(SWITCH)

    late = overtaken(invested, lambda: invested.execute(SWITCH))
    assert late.code == 7
    assert len(invested.orders()) == 5
    assert "already done" in invested.execute(SWITCH).out
    unwanted = overtaken(other, lambda: other.jutsu("skip", str(other.file(SWITCH))))
    assert unwanted.code == 7
    assert len(other.orders()) == 2
