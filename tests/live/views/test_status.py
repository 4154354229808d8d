"""Is all well: what is a problem, what is held, and which session comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.decision import Book, OpenPosition
from live.ledger.generation import BEGUN_ANEW, generation_file
from live.ledger.ledger import Ledger
from live.ledger.orders import OrderPlan
from live.model.order_state import JournalState
from live.views.status import HeldPosition, StatusView, read_status
from tests.support.review_world import DAY, NOW, inputs, runtime

BOOKS: list[dict[str, Any]] = [
    {"primary": "golden", "shadows": ["titan"], "budget_pct": 60},
    {"primary": "ema_p10", "run": "on_request", "budget_pct": 40},
]


@pytest.fixture
def made(tmp_path: Path) -> Any:
    return runtime(tmp_path, books=BOOKS)


def status(made: Any, *further: str) -> StatusView:
    return read_status(inputs(made), further)


def hold(made: Any, symbol: str, *, needs_stop: bool, broker_id: str | None = None) -> None:
    positions = made.ledger.positions
    positions.buy("golden", symbol, 10, Decimal("50.5"), session=DAY, mode="offline_mock", at=NOW)
    if needs_stop:
        positions.set_stop(
            positions.get("golden", symbol).id,
            needs_stop=True,
            stop_price=Decimal(45),
            stop_client_order_id=None,
            stop_broker_order_id=broker_id,
            stop_expires_at=None,
        )


def test_a_new_account_is_well_and_waits_for_todays_window(made: Any) -> None:
    view = status(made)
    assert view.problems == ()
    assert view.next_session == DAY
    golden, titan = view.books  # the book on request never ran
    assert (golden.variant, golden.role, titan.variant, titan.role) == (
        "golden",
        "primary",
        "titan",
        "shadow",
    )
    assert (golden.last_session, golden.equity, golden.positions) == (None, None, ())
    assert golden.window_opens < golden.window_closes
    assert golden.window_opens.astimezone(UTC).date() == DAY


@pytest.mark.parametrize(
    ("now", "today", "session"),
    [
        (datetime(2024, 3, 15, 19, 59, tzinfo=UTC), date(2024, 3, 15), date(2024, 3, 15)),
        (datetime(2024, 3, 15, 19, 59, 1, tzinfo=UTC), date(2024, 3, 15), date(2024, 3, 18)),
        (datetime(2024, 3, 16, 15, 0, tzinfo=UTC), date(2024, 3, 16), date(2024, 3, 18)),
        (datetime(2024, 3, 29, 15, 0, tzinfo=UTC), date(2024, 3, 29), date(2024, 4, 1)),  # Good Friday
    ],
)
def test_the_next_session_is_todays_until_its_windows_are_over(
    tmp_path: Path, now: datetime, today: date, session: date
) -> None:
    made = runtime(tmp_path, now=now, books=BOOKS)
    made.today = lambda: today
    assert status(made).next_session == session


@pytest.mark.parametrize(
    ("outcome", "session"), [("completed", date(2024, 3, 18)), ("skipped", DAY), ("partial", DAY)]
)
def test_a_file_that_was_carried_out_leaves_the_next_session(
    tmp_path: Path, outcome: str, session: date
) -> None:
    made = runtime(tmp_path, now=datetime(2024, 3, 15, 19, 56, tzinfo=UTC), books=BOOKS)
    made.ledger.runs.executed(DAY, "golden", at=NOW, exit_code=0, outcome=outcome)
    seen = status(made)
    assert seen.next_session == session
    assert {book.window_opens.date() for book in seen.books} == {session}  # the shadow's too


def test_a_book_on_request_is_shown_once_it_ran(made: Any) -> None:
    made.ledger.runs.generated(DAY, "ema_p10", role="primary", mode="offline_mock", at=NOW)
    assert [book.variant for book in status(made).books] == ["golden", "titan", "ema_p10"]


def test_a_position_without_the_stop_it_needs_is_a_problem(made: Any) -> None:
    hold(made, "AAA", needs_stop=True)
    hold(made, "BBB", needs_stop=True, broker_id="b1")
    hold(made, "CCC", needs_stop=False)
    view = status(made)
    assert view.naked_positions == ("golden/AAA",)
    assert view.problems == ("position golden/AAA has no protective stop; run the executor",)
    assert [
        (h.symbol, h.quantity, h.entry_price, h.stop_price, h.protected) for h in view.books[0].positions
    ] == [
        ("AAA", 10, 50.5, 45.0, False),
        ("BBB", 10, 50.5, 45.0, True),
        ("CCC", 10, 50.5, None, None),
    ]


def test_a_virtual_book_shows_what_it_would_hold(made: Any) -> None:
    virtual = Book(1.0, {"QQQ": OpenPosition("QQQ", 3, 400.0, DAY, 380.0)})
    made.ledger.shadow.save("titan", virtual, equity=1201.0, session=DAY)
    assert status(made).books[1].positions == (HeldPosition("QQQ", 3, 400.0, 380.0, entry_session=DAY),)


def test_an_order_of_unknown_fate_and_the_kill_switch_are_problems(made: Any) -> None:
    orders, name = made.ledger.orders, "20240315_AAA_entry_buy"
    orders.plan(OrderPlan(name, "golden", DAY, "offline_mock", "AAA", "buy", "entry", 10), at=NOW)
    assert (status(made).unfinished_orders, status(made).unresolved_orders) == ((name,), ())
    orders.transition(name, JournalState.SENDING, at=NOW)
    made.ledger.state.set_kill("entries", reason="a look first", by="me", at=NOW)
    view = status(made)
    assert (view.kill_switch, view.unresolved_orders) == ("entries", (name,))
    assert view.problems == (
        "kill switch is on (entries): a look first (by me); turn it off with `jutsu resume`",
        f"order {name}: fate unknown; run the executor or `jutsu resolve {name}`",
    )


def test_a_restored_ledger_says_what_comes_before_anything_is_sent(made: Any) -> None:
    with Ledger.open(made.state / "ledger.db", account="paper", now=NOW) as ledger:
        read = replace(inputs(made), ledger=ledger)
        generation_file(made.state / "ledger.db").write_text("1\n")
        (problem,) = read_status(read).problems
    assert "the ledger was restored" in problem
    assert BEGUN_ANEW in problem


def test_what_others_found_comes_first(made: Any) -> None:
    made.ledger.state.set_kill("all", reason="panic", by="panic", at=NOW)
    first, second = status(made, "the login is dead").problems
    assert (first, second.startswith("kill switch is on (all)")) == ("the login is dead", True)


def test_a_broken_strategy_file_is_a_problem_and_hides_no_other(made: Any, tmp_path: Path) -> None:
    made.strategies = tmp_path / "none"
    hold(made, "AAA", needs_stop=True)
    view = status(made)
    assert view.books == ()
    assert "golden" in view.problems[0]
    assert "golden/AAA" in view.problems[1]


def test_figures_are_those_of_the_newest_snapshot(made: Any) -> None:
    for day, equity in ((date(2024, 3, 13), 100.0), (date(2024, 3, 14), 90.0)):
        made.ledger.snapshots.add("golden", day, at=NOW, mode="offline_mock", equity=equity, cash=5.0)
    book = status(made).books[0]
    assert (book.equity, book.cash) == (90.0, 5.0)
    assert (book.drawdown, book.cumulative_return) == (pytest.approx(-0.1), pytest.approx(-0.1))


def test_a_deposit_is_neither_a_return_nor_hides_a_drawdown(made: Any) -> None:
    """Of the 100 paid in 60 are the book's: its budget is 60 %."""
    for day, equity in ((date(2024, 3, 13), 100.0), (date(2024, 3, 14), 150.0)):
        made.ledger.snapshots.add("golden", day, at=NOW, mode="offline_mock", equity=equity, cash=5.0)
    paid = {"day": date(2024, 3, 14), "kind": "deposit", "amount": Decimal(100), "at": NOW}
    made.ledger.cash_flows.note("paid-in", **paid)
    book = status(made).books[0]
    assert (book.drawdown, book.cumulative_return) == (pytest.approx(-0.1), pytest.approx(-0.1))


def test_missed_sessions_are_named(made: Any) -> None:
    made.ledger.runs.missed(date(2024, 3, 14), "golden", mode="offline_mock")
    assert status(made).missed_sessions == (date(2024, 3, 14),)


def test_a_live_sell_of_a_panic_comes_first(made: Any) -> None:
    plan = OrderPlan(
        client_order_id="20240315_AAA_exit_sell",
        variant="golden",
        session=DAY,
        mode="offline_mock",
        symbol="AAA",
        side="sell",
        intent="exit",
        quantity=74,
        reason="panic",
    )
    orders = made.ledger.orders
    orders.plan(plan, at=NOW)
    orders.transition(plan.client_order_id, JournalState.SENDING, at=NOW)
    orders.transition(plan.client_order_id, JournalState.ACKED, at=NOW, broker_order_id="2")
    first, *_ = status(made, "a login ends").problems
    assert first.startswith("a sell of a panic is still live: AAA, order 2 (sell 74)")
    orders.transition(
        plan.client_order_id, JournalState.FILLED, at=NOW, filled_quantity=74, average_price=Decimal(1)
    )
    assert status(made).problems == ()
