"""Circuit breakers: hand-computed figures, and what must hold whatever the account did."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.trading.risk.breakers import (
    AccountHistory,
    CashFlow,
    ClosingEquity,
    Resume,
    Thresholds,
    Trip,
    Verdict,
    judge,
    seconds_to_wait,
)

DAY = [date(2024, 3, 4) + timedelta(days=n) for n in range(60)]
USUAL = Thresholds()


def account(closes: list[float], equity: float, **more: Any) -> AccountHistory:
    rows = tuple(ClosingEquity(day, value) for day, value in zip(DAY, closes, strict=False))
    return AccountHistory(rows, session=DAY[len(closes)], equity=equity, **more)


def names(verdict: Verdict) -> list[str]:
    return [trip.breaker for trip in verdict.trips]


def test_a_new_account_trips_nothing() -> None:
    verdict = judge(account([], 100_000.0), USUAL)
    assert (verdict.trips, verdict.daily_loss_pct, verdict.drawdown_pct) == ((), None, 0.0)
    assert verdict.peak == 100_000.0


def test_the_daily_loss_is_against_the_previous_close() -> None:
    assert names(judge(account([100_000.0], 95_000.01), USUAL)) == []
    verdict = judge(account([90_000.0, 100_000.0], 95_000.0), USUAL)
    assert verdict.trips == (Trip("daily_loss", DAY[2], 95_000.0, 100_000.0, 5.0, 5.0),)
    assert verdict.entries_blocked


def test_a_gain_is_a_negative_loss() -> None:
    verdict = judge(account([100.0], 102.0), USUAL)
    assert verdict.daily_loss_pct == pytest.approx(-2.0)
    assert not verdict.entries_blocked


def test_a_daily_loss_stands_for_its_session_and_ends_with_the_next() -> None:
    first = judge(account([100.0], 94.0), USUAL)
    later = judge(account([100.0], 99.0, standing=first.trips), USUAL)  # recovered the same day
    assert later.trips == first.trips
    assert judge(account([100.0, 94.0], 93.0, standing=first.trips), USUAL).trips == ()


def test_the_drawdown_is_from_the_highest_close() -> None:
    verdict = judge(account([100.0, 120.0, 118.0, 113.0], 108.0), USUAL)
    assert verdict.drawdown_pct == pytest.approx(10.0)
    assert verdict.peak == pytest.approx(120.0)
    (trip,) = verdict.trips
    assert (trip.breaker, trip.session, trip.limit) == ("drawdown", DAY[4], 10.0)
    assert trip.reference == pytest.approx(120.0)
    assert not verdict.alert
    assert judge(account([100.0, 120.0, 118.0, 113.0], 102.0), USUAL).alert


def test_a_drawdown_stays_tripped_until_a_person_resumes() -> None:
    fallen = account([100.0, 96.0, 92.0, 89.5, 95.0, 99.0], 99.5)
    verdict = judge(fallen, USUAL)
    assert [(trip.breaker, trip.session) for trip in verdict.trips] == [("drawdown", DAY[3])]
    resumed = replace(fallen, resume=Resume(DAY[4], 95.0))
    assert judge(resumed, USUAL).trips == ()


def test_a_drawdown_seen_only_during_a_session_stands_by_its_record() -> None:
    seen = judge(
        account(
            [100.0, 96.0],
            89.9,
        ),
        Thresholds(daily_loss_pct=None),
    )
    after = account([100.0, 96.0, 97.0], 98.0, standing=seen.trips)
    assert judge(after, USUAL).trips == seen.trips
    assert judge(replace(after, standing=()), USUAL).trips == ()


def test_a_resume_sets_the_peak_and_the_day() -> None:
    fallen = account([100.0, 96.0], 85.0, resume=Resume(DAY[2], 86.0))
    verdict = judge(fallen, USUAL)
    assert verdict.trips == ()
    assert verdict.daily_loss_pct == pytest.approx(100 * 1 / 86)
    assert verdict.peak == pytest.approx(86.0)
    assert names(judge(replace(fallen, equity=81.0), USUAL)) == ["daily_loss"]


def test_deposits_and_withdrawals_are_no_result() -> None:
    # 100 fell to 95; 90 of it were withdrawn; 5 are left: a drawdown of 5 %, not of 50 %
    flows = (CashFlow(DAY[2], -90.0),)
    verdict = judge(account([100.0, 95.0], 5.0, cash_flows=flows), USUAL)
    assert verdict.drawdown_pct == pytest.approx(5.0)
    assert verdict.daily_loss_pct == pytest.approx(0.0)
    # a deposit hides no loss
    hidden = judge(account([100.0], 100.0, cash_flows=(CashFlow(DAY[1], 10.0),)), USUAL)
    assert names(hidden) == ["daily_loss"]
    assert hidden.daily_loss_pct == pytest.approx(100 / 11)


def test_a_flow_on_a_day_without_a_session_counts_for_the_next() -> None:
    friday, saturday, monday = date(2024, 3, 8), date(2024, 3, 9), date(2024, 3, 11)
    history = AccountHistory(
        (ClosingEquity(friday, 100.0),), monday, 150.0, cash_flows=(CashFlow(saturday, 50.0),)
    )
    assert judge(history, USUAL).daily_loss_pct == pytest.approx(0.0)


def test_the_minimum_balance_is_off_by_default_and_stands_until_resumed() -> None:
    rule = Thresholds(daily_loss_pct=None, drawdown_pct=None, min_balance=25_000.0)
    below = judge(account([24_990.0], 24_999.0), rule)
    assert names(below) == ["min_balance"]
    assert names(judge(account([25_100.0], 26_000.0, standing=below.trips), rule)) == ["min_balance"]
    assert judge(account([24_990.0], 24_999.0), USUAL).trips == ()


@pytest.mark.parametrize("equity", [0.0, -10.0])
def test_an_account_that_lost_everything(equity: float) -> None:
    verdict = judge(account([100.0], equity), USUAL)
    assert names(verdict) == ["daily_loss", "drawdown"]
    assert verdict.drawdown_pct == 100.0


def test_an_emptied_account_has_no_result() -> None:
    verdict = judge(account([100.0], 0.0, cash_flows=(CashFlow(DAY[1], -100.0),)), USUAL)
    assert verdict.trips == ()


def test_everything_off_blocks_nothing() -> None:
    off = Thresholds(None, None, None, None)
    verdict = judge(account([100.0], 1.0), off)
    assert (verdict.trips, verdict.alert) == ((), False)
    assert verdict.drawdown_pct == pytest.approx(99.0)


@pytest.mark.parametrize(
    "bad",
    [
        account([100.0], float("nan")),
        account([float("inf")], 1.0),
        account([100.0], 1.0, cash_flows=(CashFlow(DAY[0], float("nan")),)),
        AccountHistory((ClosingEquity(DAY[1], 1.0), ClosingEquity(DAY[0], 1.0)), DAY[2], 1.0),
        AccountHistory((ClosingEquity(DAY[3], 1.0),), DAY[2], 1.0),
    ],
)
def test_what_is_no_history_is_refused(bad: AccountHistory) -> None:
    with pytest.raises(DataError):
        judge(bad, USUAL)


moves = st.lists(st.floats(0.8, 1.2), min_size=1, max_size=20)
amounts = st.lists(st.floats(-5_000, 50_000), min_size=20, max_size=20)


@given(moves, amounts)
def test_cash_flows_change_no_percentage(factors: list[float], flows: list[float]) -> None:
    plain = list(accumulate(factors, lambda equity, factor: equity * factor, initial=100_000.0))
    moved, equity = [100_000.0], 100_000.0
    for factor, flow in zip(factors, flows, strict=False):
        equity = (equity + max(flow, 1_000.0 - equity)) * factor
        moved.append(equity)
    kept = tuple(CashFlow(DAY[n + 1], moved[n + 1] / factor - moved[n]) for n, factor in enumerate(factors))
    still = judge(account(plain[:-1], plain[-1]), USUAL)
    flown = judge(account(moved[:-1], moved[-1], cash_flows=kept), USUAL)
    assert flown.drawdown_pct == pytest.approx(still.drawdown_pct, abs=1e-6)
    assert flown.daily_loss_pct == pytest.approx(still.daily_loss_pct, abs=1e-6)


@given(moves)
def test_without_flows_it_is_the_fall_from_the_highest_close(factors: list[float]) -> None:
    curve = list(accumulate(factors, lambda equity, factor: equity * factor, initial=100.0))
    verdict = judge(account(curve[:-1], curve[-1]), USUAL)
    highest = max(curve)
    assert verdict.drawdown_pct == pytest.approx((highest - curve[-1]) / highest * 100, abs=1e-9)
    assert verdict.peak == pytest.approx(highest)


@given(moves, st.integers(0, 19))
def test_only_a_resume_ends_a_drawdown(factors: list[float], more: int) -> None:
    curve = list(accumulate([*factors, *[1.05] * more], lambda e, f: e * f, initial=100.0))
    standing: tuple[Trip, ...] = ()
    for n in range(1, len(curve)):
        verdict = judge(account(curve[:n], curve[n], standing=standing), USUAL)
        had = [trip for trip in standing if trip.breaker == "drawdown"]
        assert all(trip in verdict.trips for trip in had)
        standing = verdict.trips
    n = len(curve) - 1
    resumed = account(curve[:n], curve[n], resume=Resume(DAY[n], curve[n]))
    assert judge(resumed, USUAL).trips == ()


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.integers(1, 12))
def test_no_minute_sees_more_entries_than_allowed(gaps: list[float], limit: int) -> None:
    sent: list[float] = []
    now = 0.0
    for gap in gaps:
        now += gap
        wait = seconds_to_wait(sent, now, limit)
        assert 0 <= wait <= 60 + 1e-6
        now += wait
        assert seconds_to_wait(sent, now, limit) <= 1e-9
        sent.append(now)
    for at in sent:
        assert sum(at - 60 + 1e-6 < other <= at for other in sent) <= limit


def test_orders_a_minute() -> None:
    assert seconds_to_wait([], 100.0, 1) == 0
    assert seconds_to_wait([90.0, 95.0], 100.0, 3) == 0
    assert seconds_to_wait([95.0, 90.0], 100.0, 2) == 50
    assert seconds_to_wait([40.0, 95.0], 100.0, 2) == 0  # sixty seconds ago is no longer this minute
    assert seconds_to_wait([500.0], 100.0, 1) == 60  # the clock was set back
    with pytest.raises(ValueError, match="at least one"):
        seconds_to_wait([], 0.0, 0)
