"""What a run leaves for people: trades with their context, a marked book, state.json."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from live.execution.record import (
    keep_copies,
    mark_session,
    marked_book,
    record_late_fills,
    record_trades,
    write_state,
)
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    World,
    bars,
    context_on_file,
    enter,
    next_order,
    order,
    signal,
    tomorrow,
)


def trades(made: World) -> dict[str, tuple[int, Decimal | None]]:
    """Return symbol and side -> shares and realised profit of every recorded trade."""
    rows = made.open().ledger.trades.between()
    return {f"{row.symbol} {row.action}": (row.quantity, row.realised_pnl) for row in rows}


def test_a_trade_is_written_with_the_context_of_its_decision(made: World) -> None:
    enter(made, ENTRY)
    (row,) = made.open().ledger.trades.between()
    assert (row.symbol, row.action, row.quantity) == ("AAA", "buy", 100)
    assert row.execution_time == "15min_before_close"
    assert row.context == {"cell": 1, "trend_state": "BullStrong", "vol_state": "Low"}


def test_recording_again_changes_nothing_and_unfilled_orders_leave_none(made: World) -> None:
    enter(made, ENTRY)
    runtime = made.open()
    before = runtime.ledger.trades.between()
    rows = runtime.ledger.orders.of_session(DAY, "golden")
    assert {row.filled_quantity for row in rows} == {0, 100}  # the stop has not filled
    record_trades(runtime.ledger, rows, signal([ENTRY]), at=AT + timedelta(minutes=1))
    assert [row.id for row in runtime.ledger.trades.between()] == [row.id for row in before]


def test_a_sale_is_recorded_with_its_profit(made: World) -> None:
    enter(made, order("AAA", "entry", 10, 100.0))
    made.feed.prices["AAA"] = 110.0
    tomorrow(made, [next_order("AAA", "exit", 10, 110.0)], positions={"AAA": 10}, cash=99_000.0)
    assert made.executor() == 0
    assert trades(made)["AAA sell"] == (10, Decimal(100))


def test_a_stop_that_filled_while_nobody_looked_is_recorded_by_the_mark(made: World) -> None:
    enter(made, ENTRY)
    made.feed.prices["AAA"] = made.feed.lows["AAA"] = 85.0
    made.clock.set(AT + timedelta(minutes=5))
    made.broker.account()  # the market moves through the stop
    runtime = made.open()
    made.feed.daily = {"AAA": bars("AAA", {DAY: (100.0, 100.0, 85.0, 85.0)})}
    made.clock.set(AT.replace(hour=16, minute=1))
    equity = mark_session(runtime.context, runtime.broker, runtime.feed, "golden", DAY)
    assert trades(made)["AAA sell"] == (100, Decimal(-1500))
    assert equity == pytest.approx(98_500.0)
    assert made.open().ledger.snapshots.series("golden")[-1].equity == Decimal(98_500)
    record_late_fills(runtime.ledger, "golden", at=AT)
    assert len(trades(made)) == 2


def test_a_book_is_marked_at_the_prices_given_and_never_without_one(made: World) -> None:
    enter(made, ENTRY)
    runtime = made.open()
    marked = marked_book(runtime.ledger, runtime.broker.account(), "golden", {"AAA": 101.0})
    assert (marked.book.shares(), marked.equity) == ({"AAA": 100}, pytest.approx(100_100.0))
    with pytest.raises(DataError, match="no price for AAA"):
        marked_book(runtime.ledger, runtime.broker.account(), "golden", {"BBB": 50.0})


def test_the_state_file_says_where_the_primary_stands(made: World, tmp_path: Path) -> None:
    enter(made, ENTRY)
    runtime = made.open()
    path = tmp_path / "state.json"
    write_state(path, signal([ENTRY]), None, at=AT)
    assert not path.exists()
    marked = marked_book(runtime.ledger, runtime.broker.account(), "golden", {"AAA": 100.0})
    write_state(path, signal([ENTRY]), marked, at=AT)
    state = json.loads(path.read_text())
    assert (state["current_positions"], state["account_equity"]) == ({"AAA": 100}, 100_000.0)
    assert (state["last_cell"], state["vol_state"], state["mode"]) == (1, "Low", "offline_mock")


def test_copies_that_cannot_be_kept_undo_nothing(
    made: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    made.write(signal([ENTRY]))
    job, runtime = context_on_file(made).job, made.open()
    monkeypatch.setattr(type(runtime.ledger), "backup", full)
    keep_copies(runtime.context, job, None)
    assert "the backup could not be written" in capsys.readouterr().err
    monkeypatch.undo()
    keep_copies(runtime.context, job, None)
    assert [path.name for path in (runtime.state / "backups").glob("*.db")] == [f"ledger-{DAY}.db"]
