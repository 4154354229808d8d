"""The execution report as a document: its subject, what it names, and what is never called a success."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from live.reporting.execution import execution_report
from live.reporting.text import text_of
from live.views.equity import EquityStep
from tests.support.report_samples import DAY, at, execution_sample

PLAIN: dict[str, Any] = {"warnings": (), "critical": (), "held": (), "orders": ()}


def subject(**changes: Any) -> str:
    return execution_report(replace(execution_sample(), **changes)).document.subject


def text(**changes: Any) -> str:
    return text_of(execution_report(replace(execution_sample(), **changes)).document)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"outcome": "completed"}, "[PAPER] golden 2026-11-27 SUCCESS"),
        ({"outcome": "completed", "exit_code": 4}, "[PAPER] golden 2026-11-27 FAILED"),
        ({"outcome": "completed", "critical": ("no stop",)}, "[PAPER] golden 2026-11-27 ACT NOW"),
        ({"outcome": "gated"}, "[PAPER] golden 2026-11-27 HELD BACK"),
        ({"outcome": "placed"}, "[PAPER] golden 2026-11-27 PLACED"),
        ({"outcome": "placed", "exit_code": 6}, "[PAPER] golden 2026-11-27 FAILED"),
        ({"outcome": "", "exit_code": None}, "[PAPER] golden 2026-11-27 NOT RUN"),
        ({"outcome": "another"}, "[PAPER] golden 2026-11-27 ANOTHER"),
        (
            {"outcome": "completed", "account": "schwab-1234", "mode": "online_live"},
            "[LIVE] golden 2026-11-27 SUCCESS",
        ),
        (
            {"outcome": "completed", "account": "alpaca-paper-9876", "mode": "online_live"},
            "[PAPER] golden 2026-11-27 SUCCESS",
        ),
    ],
)
def test_the_subject_says_account_book_session_and_what_became_of_it(
    changes: dict[str, Any], expected: str
) -> None:
    assert subject(**changes) == expected


def test_a_stop_is_counted_as_a_stop() -> None:
    orders = execution_sample().orders
    stop = replace(orders[1], intent="stop", side="sell", filled=0)
    assert "partial, 2 order(s), 1 stop(s), 1 not sent" in text(orders=(*orders, stop))
    assert "no order was sent, 1 stop(s)" in text(orders=(stop,))


@pytest.mark.parametrize("changes", [{"exit_code": 7}, {"critical": ("no stop",)}])
def test_what_failed_or_needs_somebody_is_never_shown_as_good(changes: dict[str, Any]) -> None:
    made = execution_report(replace(execution_sample(), outcome="completed", **changes))
    assert made.document.tone == "bad"


def test_orders_that_wait_for_the_open_are_said_to_wait() -> None:
    assert "placed, waiting for the open" in text(outcome="placed", executed_at=at(9, 20))
    assert "placed, not filled yet" in text(outcome="placed", executed_at=at(9, 31))


def test_a_session_that_sent_nothing_says_so() -> None:
    shown = text(**PLAIN, legs=(), equity=None, cash=None, day=None, outcome="completed")
    assert "completed, no order was sent" in shown
    assert "the book was not marked in this session" in shown
    assert "ORDERS" not in shown


def test_the_days_profit_needs_a_close_before_and_is_net_of_what_was_paid_in() -> None:
    assert "unknown: no close before this session" in text(day=None)
    lost = EquityStep(DAY, 100.0, 90.0, 0.0, -10.0, -0.1)
    assert "-10.00 (-10.000 %)" in text(day=lost)
    assert "paid in" not in text(day=lost)


def test_why_it_stopped_is_in_the_headline() -> None:
    assert ": the broker said no" in text(error="the broker said no").splitlines()[1]


def test_a_day_that_is_no_session_is_shown_all_the_same() -> None:
    weekend = DAY + timedelta(days=1)
    assert "placed, waiting for the open" in text(session=weekend, outcome="placed")


def test_why_an_order_was_not_sent_is_said_once() -> None:
    name = execution_sample().held[0].client_order_id
    shown = text(warnings=(f"{name}: not sent: a gate", "the clock differs"), critical=())
    assert shown.count(name) == 1
    assert "the clock differs" in shown
