"""The execution report says what was ordered, filled, paid and held, and what comes next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from live.model.run import asked_for
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.views.execution_report import ExecutionReport, read_execution, report_lines
from tests.support.user_world import FIRST, User, new_user

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


def test_its_text_names_orders_allocation_value_and_the_next_window(report: ExecutionReport) -> None:
    text = report_lines(report)
    for order in report.orders:
        head = f"buy {order.symbol} ({order.intent}) {order.filled} of {order.ordered} filled at"
        assert len([line for line in text if line.startswith(head)]) == 1
    assert any(line.startswith("equity ") for line in text)
    assert text[-1] == "next window: Wed 2024-01-03 15:55 New York"


def test_message_and_files_hold_it(user: User, report: ExecutionReport) -> None:
    folder = user.root / "state" / "reports"
    kept = json.loads((folder / f"execution_{FIRST}_golden.json").read_text())
    assert [order["filled"] for order in kept["orders"]] == [order.filled for order in report.orders]
    shown = (folder / f"execution_{FIRST}_golden.txt").read_text()
    (body,) = [body for (body,) in user.rows("alerts", "body") if "next window" in body]
    for line in report_lines(report):
        assert line in shown
        assert line in body


def test_a_session_without_anything_is_no_error(user: User, tmp_path: Path) -> None:
    options = Options(config=user.config, state_db=tmp_path / "new.db")
    with open_runtime("jutsu", options, asked_for(f"{FIRST}T17:00:00")) as runtime:
        assert report_lines(read_execution(runtime.ledger, DAY, "golden")) == ["no order was sent"]
