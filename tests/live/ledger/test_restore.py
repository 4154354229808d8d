"""Backups, and getting back from a damaged ledger to what the broker says."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live.ledger.errors import LedgerDamaged, NotALedger
from live.ledger.ledger import Ledger, OrderPlan
from live.ledger.opening import recovery_marker
from live.ledger.restore import Intended, rejoin, restore
from live.model.broker import BrokerOrder, Execution, OrderState
from live.model.order_state import JournalState as S

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
ID = "20261120_TQQQ_entry_buy"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def open_(path: Path) -> Ledger:
    return Ledger.open(path, account="paper", now=NOW)


def folder(path: Path) -> Path:
    return path.parent / "backups"


def damaged_after_backups(path: Path) -> Path:
    """Yesterday's backup is intact, today's is damaged, and so is the ledger."""
    with open_(path) as ledger:
        ledger.state.set("fact", "yesterday", at=NOW)
        ledger.backup(folder(path), keep_days=30, now=NOW - timedelta(days=1))
        ledger.state.set("fact", "today", at=NOW)
        today = ledger.backup(folder(path), keep_days=30, now=NOW)
    assert today is not None
    today.write_bytes(today.read_bytes()[:9000])
    path.write_bytes(b"\0" * 20_000)
    return today


def test_recovery_moves_the_damage_aside_and_restores_the_newest_intact_copy(path: Path) -> None:
    today = damaged_after_backups(path)

    done = restore(path, folder(path), now=NOW)

    assert done.damage == "this file is not a ledger"
    assert done.rejected == (today,)
    assert done.backup_day == date(2026, 11, 19)
    assert done.aside.name == "ledger.db.damaged-20261120T205500Z"
    assert done.aside.read_bytes() == b"\0" * 20_000
    with open_(path) as ledger:
        assert ledger.state.get("fact") == "yesterday"
    assert restore(path, folder(path), now=NOW).damage == ""


def test_recovery_without_backups_starts_empty_and_keeps_the_damage(path: Path) -> None:
    path.write_bytes(b"x" * 300)
    path.with_name("ledger.db.generation").write_text("3")

    done = restore(path, folder(path), now=NOW)

    assert (done.backup, done.aside.read_bytes()) == (None, b"x" * 300)
    with open_(path) as ledger:
        assert ledger.orders.recent() == ()


@pytest.mark.parametrize("content", [b"my notes\n" * 30, b"%PDF-1.7\xff\x00" * 40], ids=["text", "pdf"])
def test_a_file_that_never_was_a_ledger_is_left_where_it_is(tmp_path: Path, content: bytes) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_bytes(content)

    with pytest.raises(NotALedger, match="left where it is"):
        restore(notes, folder(notes), now=NOW)

    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    assert notes.read_bytes() == content


def test_a_database_of_something_else_is_left_where_it_is(tmp_path: Path) -> None:
    other = tmp_path / "music.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    before = other.read_bytes()

    with pytest.raises(NotALedger):
        restore(other, folder(other), now=NOW)

    assert other.read_bytes() == before


def test_a_cut_ledger_without_traces_beside_it_is_still_recovered(path: Path) -> None:
    with open_(path) as ledger:
        ledger.state.set("fact", "1", at=NOW)
    path.write_bytes(path.read_bytes()[:-6000])

    assert restore(path, folder(path), now=NOW).aside is not None


def test_the_old_write_ahead_log_never_meets_the_restored_file(path: Path) -> None:
    damaged_after_backups(path)
    path.with_name("ledger.db-wal").write_bytes(b"old log")

    done = restore(path, folder(path), now=NOW)

    assert done.aside.with_name(done.aside.name + "-wal").read_bytes() == b"old log"
    assert not path.with_name("ledger.db-wal").exists()


def test_nobody_opens_the_ledger_while_a_recovery_is_unfinished(path: Path) -> None:
    damaged_after_backups(path)
    recovery_marker(path).touch()
    path.unlink()  # killed after moving the damage aside

    with pytest.raises(LedgerDamaged, match="interrupted"):
        open_(path)
    assert not path.exists()

    restore(path, folder(path), now=NOW)
    with open_(path) as ledger:
        assert ledger.state.get("fact") == "yesterday"


def test_nothing_is_recovered_where_nothing_was(path: Path) -> None:
    assert restore(path, folder(path), now=NOW).damage == ""
    assert not path.exists()


GOLDEN: Any = {
    "mode": "offline_mock",
    "owner": lambda name: name.variant or "golden",
    "intended": lambda *_: Intended(),
    "at": NOW,
}


def shown(order_id: str = "b1", client_order_id: Any = ID, **changes: Any) -> BrokerOrder:
    fields = {
        "symbol": "TQQQ",
        "side": "buy",
        "quantity": 10,
        "filled_quantity": 10,
        "state": OrderState.FILLED,
        "order_type": "market",
        "time_in_force": "day",
        "client_order_id": client_order_id,
        "entered_at": NOW,
        "executions": (Execution(f"e-{order_id}", order_id, "TQQQ", "buy", 10, Decimal(81), NOW),),
    }
    return BrokerOrder(order_id, **{**fields, **changes})


def test_orders_only_the_broker_remembers_come_back_with_fills_and_positions(path: Path) -> None:
    with open_(path) as ledger:
        result = rejoin(ledger, [shown(), shown("b2", None)], **GOLDEN)
        again = rejoin(ledger, [shown(), shown("b2", None)], **GOLDEN)

        order = ledger.orders.get(ID)
        assert (order.state, order.filled_quantity, order.broker_order_id) == ("FILLED", 10, "b1")
        assert (order.intent, order.session) == ("entry", date(2026, 11, 20))
        assert ledger.positions.shares("golden") == {"TQQQ": 10}
    assert result.adopted == (ID,)
    assert [o.order_id for o in result.unknown] == ["b2"]
    assert again.adopted == ()


def test_an_order_whose_book_nobody_knows_is_left_for_a_person(path: Path) -> None:
    with open_(path) as ledger:
        result = rejoin(ledger, [shown()], **{**GOLDEN, "owner": lambda _: None})

        assert ([o.order_id for o in result.unowned], result.adopted) == (["b1"], ())
        assert ledger.positions.shares() == {}


def test_a_recovered_entry_still_needs_its_stop(path: Path) -> None:
    meant = Intended(planned_stop=Decimal(70), details={"stop_loss_pct": 10.0})
    with open_(path) as ledger:
        rejoin(ledger, [shown()], **{**GOLDEN, "intended": lambda *_: meant})

        (position,) = ledger.positions.unprotected()
        assert (position.symbol, position.details) == ("TQQQ", {"stop_loss_pct": 10.0})


def test_a_recovered_stop_protects_its_position_again(path: Path) -> None:
    stop = shown(
        "b2",
        "20261120_TQQQ_stop_sell",
        side="sell",
        order_type="stop",
        time_in_force="gtc",
        stop_price=Decimal(70),
        filled_quantity=0,
        state=OrderState.WORKING,
        executions=(),
        entered_at=NOW + timedelta(seconds=1),
    )
    with open_(path) as ledger:
        rejoin(ledger, [stop, shown()], **GOLDEN)

        position = ledger.positions.get("golden", "TQQQ")
        assert (position.needs_stop, position.stop_broker_order_id, position.stop_price) == (True, "b2", 70)


def test_an_order_the_backup_knew_only_as_planned_is_adopted(path: Path) -> None:
    with open_(path) as ledger:
        ledger.orders.plan(
            OrderPlan(ID, "golden", date(2026, 11, 20), "offline_mock", "TQQQ", "buy", "entry", 10), at=NOW
        )
        ledger.orders.transition(ID, S.SENDING, at=NOW)

        rejoin(ledger, [shown()], **GOLDEN)

        assert ledger.orders.get(ID).state == "FILLED"
        assert ledger.positions.shares() == {"TQQQ": 10}


def test_a_ledger_made_anew_gives_way_to_the_newest_backup_that_knows_more(path: Path) -> None:
    with open_(path) as ledger:
        ledger.runs.generated(date(2026, 11, 18), "golden", role="primary", mode="offline_mock", at=NOW)
        known = ledger.backup(folder(path), keep_days=30, now=NOW - timedelta(days=1))
    path.unlink()
    with open_(path) as ledger:  # as any command makes it, and a run that is refused
        ledger.runs.generator_failed(NOW.date(), "golden", mode="m", exit_code=8, why="new", past=False)
        ledger.backup(folder(path), keep_days=30, now=NOW)  # a copy that knows nothing hides none that does

    done = restore(path, folder(path), now=NOW)

    assert (done.backup, done.backup_day, done.rejected) == (known, date(2026, 11, 19), ())
    assert "it is new and knows no session and no order; ledger-2026-11-19.db does" in done.damage
    assert done.aside is not None
    with open_(path) as ledger:
        assert ledger.runs.last_session() == date(2026, 11, 18)
    assert restore(path, folder(path), now=NOW).damage == ""


def test_a_new_ledger_beside_backups_that_know_nothing_is_left_alone(path: Path) -> None:
    with open_(path) as ledger:
        ledger.backup(folder(path), keep_days=30, now=NOW)

    assert restore(path, folder(path), now=NOW).damage == ""
