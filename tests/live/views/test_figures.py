"""Figures of two sessions by hand, of periods, and the same as the backtest's from the same curve."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.reporting.metrics import performance
from live.ledger.ledger import Ledger
from live.views.figures import (
    MIN_SHARPE_SESSIONS,
    before_week,
    closed_trades,
    read_curve,
    read_figures,
)
from tests.support.exec_world import AT, DAY, ENTRY, NEXT_DAY, next_order, signal, tomorrow, world


def book(ledger: Ledger, closes: dict[date, float]) -> None:
    for day, equity in closes.items():
        ledger.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=0.0)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.open("sqlite://", account="paper", now=AT)


def test_two_sessions_by_hand(tmp_path: Any) -> None:
    """100 AAA bought at 100 of 100,000; sold the next day at 104.

    After the first day the equity is 100,000; after the second 100,400: +0.4 %, one trade of +4 %.
    """
    made = world(tmp_path)
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    made.feed.prices["AAA"] = 104.0
    tomorrow(made, [next_order("AAA", "exit", 100, 104.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    found = read_figures(made.open().ledger, "golden")
    assert found is not None
    assert (found.first, found.last, found.sessions) == (DAY, NEXT_DAY, 2)
    assert found.equity == 100_400.0
    for made_ in (found.week_to_date, found.month_to_date, found.year_to_date, found.total_return):
        assert made_ == pytest.approx(0.004, abs=1e-12)
    assert (found.drawdown, found.max_drawdown, found.sharpe) == (0.0, 0.0, None)
    assert (found.closing_trades, found.win_rate) == (1, 1.0)
    assert found.average_trade == pytest.approx(0.04, abs=1e-12)
    (trade,) = closed_trades(made.ledger, "golden")
    assert (trade.day, trade.made) == (NEXT_DAY, pytest.approx(0.04, abs=1e-12))
    assert closed_trades(made.ledger, "golden", until=DAY) == ()


def test_periods_begin_with_the_close_before_them(ledger: Ledger) -> None:
    book(
        ledger,
        {
            date(2025, 12, 31): 100.0,
            date(2026, 1, 30): 110.0,  # Friday
            date(2026, 2, 2): 121.0,  # Monday
            date(2026, 2, 3): 108.9,
        },
    )
    found = read_figures(ledger, "golden")
    assert found is not None
    assert found.year_to_date == pytest.approx(0.089)
    assert found.month_to_date == pytest.approx(-0.01)
    assert found.week_to_date == pytest.approx(-0.01)
    assert found.drawdown == pytest.approx(-0.1)
    before = read_figures(ledger, "golden", until=date(2026, 1, 31))
    assert before is not None
    assert before.month_to_date == pytest.approx(0.1)
    assert before.week_to_date == pytest.approx(0.1)  # the only close of its week, from the one before


def test_a_deposit_is_no_return(ledger: Ledger) -> None:
    book(ledger, {DAY: 100.0, NEXT_DAY: 151.0})
    ledger.cash_flows.note("d", day=NEXT_DAY, kind="deposit", amount=Decimal(50), at=AT)
    found = read_figures(ledger, "golden")
    assert found is not None
    assert found.total_return == pytest.approx(0.01)
    virtual = read_figures(ledger, "golden", budget_pct=0.0)
    assert virtual is not None
    assert virtual.total_return == pytest.approx(0.51)


def test_the_formulas_are_those_of_the_backtest(ledger: Ledger) -> None:
    days = [session.day for session in calendar.sessions(date(2026, 1, 5), date(2026, 3, 31))]
    moves = np.random.default_rng(7).normal(0.001, 0.01, len(days))
    equity = np.asarray(100_000.0 * np.cumprod(1 + moves), dtype=np.float64)
    book(ledger, dict(zip(days, equity.tolist(), strict=True)))
    found, expected = read_figures(ledger, "golden"), performance(equity, float(equity[0]))
    assert found is not None
    assert found.sharpe == pytest.approx(expected.sharpe)
    assert found.max_drawdown == pytest.approx(expected.max_drawdown)
    assert found.annual_return == pytest.approx(expected.annual_return)
    short = read_figures(ledger, "golden", until=days[MIN_SHARPE_SESSIONS - 2])
    enough = read_figures(ledger, "golden", until=days[MIN_SHARPE_SESSIONS - 1])
    assert short is not None
    assert enough is not None
    assert (short.sharpe is None, enough.sharpe is None) == (True, False)


def test_a_book_without_a_close_has_no_figures(ledger: Ledger) -> None:
    assert read_figures(ledger, "golden") is None
    assert read_curve(ledger, "golden") is None


def test_what_was_made_between_two_days(ledger: Ledger) -> None:
    book(ledger, {DAY: 100.0, NEXT_DAY: 102.0})
    curve = read_curve(ledger, "golden")
    assert curve is not None
    assert curve.made(DAY, NEXT_DAY) == pytest.approx(0.02)
    assert curve.made(NEXT_DAY, NEXT_DAY + timedelta(days=5)) is None


@pytest.mark.parametrize(
    ("day", "sunday"),
    [
        (date(2026, 11, 23), date(2026, 11, 22)),
        (date(2026, 11, 27), date(2026, 11, 22)),
        (date(2026, 11, 28), date(2026, 11, 22)),
        (date(2026, 11, 29), date(2026, 11, 22)),
    ],
)
def test_a_week_begins_on_monday(day: date, sunday: date) -> None:
    assert before_week(day) == sunday
