"""The execution report says what was ordered, filled, paid and held, and what comes next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.model.run import asked_for
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.views.execution_report import ExecutionReport, _log_file, read_execution
from tests.support.exec_world import DAY as WORLD_DAY
from tests.support.exec_world import ENTRY, OTHER, signal, world
from tests.support.user_world import FIRST, SECOND, User, new_user

DAY = date.fromisoformat(FIRST)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    made = new_user(tmp_path_factory.mktemp("report") / "jutsu")
    made.trade(FIRST)
    return made


@pytest.fixture
def report(user: User) -> Iterator[ExecutionReport]:
    with open_runtime("jutsu", Options(config=user.config), asked_for(f"{FIRST}T17:00:00")) as runtime:
        yield read_execution(runtime.ledger, DAY, "golden")


def test_it_agrees_with_the_ledger(user: User, report: ExecutionReport) -> None:
    rows = user.rows("orders", "client_order_id, quantity, filled_quantity")
    assert [(o.client_order_id, o.ordered, o.filled) for o in report.orders] == rows
    assert rows
    ((equity, cash),) = user.rows("performance_snapshots where variant = 'golden'", "equity, cash")
    assert (report.equity, report.cash) == (equity, cash)
    assert report.outcome == "completed"


def test_legs_and_cash_are_the_whole_account(report: ExecutionReport) -> None:
    assert report.equity is not None
    assert report.cash is not None
    held = sum(leg.held or 0.0 for leg in report.legs)
    assert held + report.cash / report.equity == pytest.approx(1.0)
    assert not any(leg.off_target for leg in report.legs)


def test_every_order_has_its_prices_and_their_distance(report: ExecutionReport) -> None:
    for order in report.orders:
        assert order.average_price is not None
        assert order.target_price is not None
        assert order.target_slippage_pct == pytest.approx(
            (order.average_price / order.target_price - 1) * 100, abs=1e-9
        )


def test_its_times_are_those_of_the_run(report: ExecutionReport) -> None:
    assert report.window_opens is not None
    assert report.window_closes is not None
    assert report.executed_at is not None
    assert report.window_opens <= report.executed_at <= report.window_closes
    assert report.generated_at is not None
    assert report.next_opens is not None
    assert report.next_opens.astimezone(NEW_YORK).isoformat() == "2024-01-03T15:55:00-05:00"


def test_message_and_files_hold_it(user: User, report: ExecutionReport) -> None:
    folder = user.root / "state" / "reports"
    name = f"execution_{FIRST}_golden"
    kept = json.loads((folder / f"{name}.json").read_text())
    assert [order["filled"] for order in kept["orders"]] == [order.filled for order in report.orders]
    shown = (folder / f"{name}.txt").read_text()
    ((title, body),) = user.rows("alerts where key like 'executed%'", "title, body")
    assert title == f"[PAPER] golden {FIRST} SUCCESS"
    assert body.endswith(shown.rstrip())
    assert (folder / f"{name}.html").read_text().startswith("<!DOCTYPE html>")


def test_a_session_without_anything_is_no_error(user: User, tmp_path: Path) -> None:
    options = Options(config=user.config, state_db=tmp_path / "new.db")
    with open_runtime("jutsu", options, asked_for(f"{FIRST}T17:00:00")) as runtime:
        found = read_execution(runtime.ledger, DAY, "golden")
    assert (found.orders, found.held, found.legs, found.outcome) == ((), (), (), "")
    assert found.executed_at is None


def test_an_older_session_keeps_what_was_held_then(user: User, tmp_path: Path) -> None:
    later = user.copy(tmp_path / "later")
    later.trade(SECOND)
    ran = later.jutsu("report", "execution", FIRST, "--json")
    assert ran.code == 0, ran.text
    again, before = json.loads(ran.out), json.loads(_kept(user).read_text())
    assert again["legs"] == before["legs"]
    assert again == before  # nothing has marked the session again meanwhile
    _kept(later).unlink()
    assert json.loads(later.jutsu("report", "execution", FIRST, "--json").out)["legs"] == []


def _kept(user: User) -> Path:
    return user.root / "state" / "reports" / f"execution_{FIRST}_golden.json"


@pytest.mark.parametrize(
    ("past", "executed", "named"),
    [
        (False, datetime(2024, 3, 15, 19, 56, tzinfo=UTC), "logs/executor_2024-03-15.log"),
        (False, datetime(2024, 3, 16, 0, 5, tzinfo=UTC), "logs/executor_2024-03-16.log"),
        (None, None, "logs/executor_2024-03-15.log"),
        (True, datetime(2024, 3, 15, 19, 56, tzinfo=UTC), ""),  # written on another day
    ],
)
def test_the_log_that_is_named_is_the_one_it_wrote_into(
    past: bool | None, executed: datetime | None, named: str
) -> None:
    run = SimpleNamespace(past=past, executed_at=executed)
    assert _log_file(Path("logs"), date(2024, 3, 15), run) == named  # type: ignore[arg-type]
    assert _log_file(None, date(2024, 3, 15), run) == ""  # type: ignore[arg-type]


def test_orders_that_were_not_sent_say_why(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(signal([ENTRY, {**OTHER, "enabled": False, "note": "not today"}]))
    made.feed.prices["AAA"] = 150.0  # far from the price the decision used
    assert made.executor() == 0
    found = read_execution(made.open().ledger, WORLD_DAY, "golden")
    assert [held.client_order_id[9:] for held in found.held] == ["AAA_entry_buy", "BBB_entry_buy"]
    assert "150" in found.held[0].why
    assert found.held[1].why == "disabled in the file: not today"


def test_what_an_earlier_run_found_is_said_as_such(tmp_path: Path) -> None:
    """A stop that was missing in the first run and rests by now is not told as if it were missing still."""
    made = world(tmp_path)
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    runtime = made.open()
    (run,) = runtime.ledger.runs.recent(1)
    detail = {"critical": ["two"], "earlier": ["AAA: 100 shares have NO STOP"]}
    runtime.ledger.runs.executed(
        WORLD_DAY, run.variant, at=runtime.clock.now(), exit_code=0, outcome="completed", detail=detail
    )

    found = read_execution(runtime.ledger, WORLD_DAY, run.variant)

    assert found.critical == ("two", "earlier in that session: AAA: 100 shares have NO STOP")
