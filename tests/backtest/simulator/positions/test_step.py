"""One session of the positions book at a time, against results worked out by hand."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from backtest.core.candidate import Candidate, Grade
from backtest.indicators.weekly import week_number
from backtest.simulator.positions.model import (
    COMPATIBLE,
    MarketSession,
    PortfolioRules,
    PortfolioState,
    SessionBar,
)
from backtest.simulator.positions.step import step

FRIDAY = date(2024, 3, 8)
MONDAY = date(2024, 3, 11)
PLAIN = {"daily_entry_limit": None, "quality_filter": False}


def rules(**changes: Any) -> PortfolioRules:
    return PortfolioRules.model_validate({**PLAIN, **changes})


def bar(
    open_: float,
    high: float | None = None,
    low: float | None = None,
    close: float | None = None,
    previous: float | None = None,
) -> SessionBar:
    prices = [open_, close if close is not None else open_]
    return SessionBar(
        open_,
        high if high is not None else max(prices),
        low if low is not None else min(prices),
        prices[1],
        previous,
    )


def market(day: date, broken: Iterable[str] = (), **bars: SessionBar) -> MarketSession:
    return MarketSession(day, week_number(day), bars, frozenset(broken))


def candidate(
    ticker: str, score: float | None = 80.0, price: float = 100.0, day: date = MONDAY, grade: Grade = "B"
) -> Candidate:
    return Candidate(ticker, day, grade, score, price)


def book(settings: PortfolioRules, day: date = MONDAY, **entries: tuple[float, float]) -> PortfolioState:
    """Open the tickers at the given prices in one session that ends where it began."""
    open_rules = settings.model_copy(update={"max_positions": 50, "selection": "one_by_one"})
    bars = {ticker: bar(price, previous=price) for ticker, (price, _) in entries.items()}
    found = [candidate(ticker, score, day=day) for ticker, (_, score) in entries.items()]
    state, _ = step(
        PortfolioState(), MarketSession(day, week_number(day), bars, frozenset()), found, open_rules
    )
    return state


def symbols(state: PortfolioState) -> list[str]:
    return [held.symbol for held in state.positions]


def test_entry_at_the_open_with_whole_shares_and_a_stop_below() -> None:
    state, events = step(
        PortfolioState(), market(MONDAY, AAA=bar(33.0, close=35.0)), [candidate("AAA")], rules()
    )
    (held,) = state.positions
    assert (held.shares, held.entry_price, held.stop_price) == (303, 33.0, pytest.approx(29.7))
    assert state.unrealized == pytest.approx(606.0)
    assert [entry.symbol for entry in events.entered] == ["AAA"]


@pytest.mark.parametrize(
    ("fill", "open_", "price"),
    [("stop", 95.0, 89.55), ("gap", 95.0, 89.55), ("stop", 80.0, 89.55), ("gap", 80.0, 79.6)],
)
def test_a_stop_gapped_through_fills_at_the_open_only_in_gap_mode(
    fill: str, open_: float, price: float
) -> None:
    settings = rules(stop_fill=fill)
    tuesday = market(MONDAY + timedelta(1), AAA=bar(open_, low=78.0, close=82.0))
    state, events = step(book(settings, AAA=(100.0, 80)), tuesday, [], settings)
    (trade,) = events.trades
    assert (trade.reason, trade.exit_price) == ("stop_loss", pytest.approx(price))
    assert state.positions == ()


def test_touching_the_stop_exactly_sells() -> None:
    settings = rules(slippage_pct=0)
    _, events = step(
        book(settings, AAA=(100.0, 80)), market(MONDAY + timedelta(1), AAA=bar(95.0, low=90.0)), [], settings
    )
    assert events.trades[0].exit_price == 90.0


@pytest.mark.parametrize(("mode", "trades"), [("intraday", 1), ("skip_entry_day", 0), ("close", 0)])
def test_the_entry_day_is_left_out_only_on_request(mode: str, trades: int) -> None:
    today = market(MONDAY, AAA=bar(100.0, low=80.0, close=95.0))
    _, events = step(PortfolioState(), today, [candidate("AAA")], rules(stop_mode=mode))
    assert len(events.trades) == trades


def test_a_stop_on_the_close_sells_the_same_day_or_the_next_open() -> None:
    today = market(MONDAY, AAA=bar(100.0, low=80.0, close=90.0))
    _, events = step(PortfolioState(), today, [candidate("AAA")], rules(stop_mode="close"))
    assert events.trades[0].exit_price == pytest.approx(89.55)
    later = rules(stop_mode="close_next_open")
    state, events = step(PortfolioState(), today, [candidate("AAA")], later)
    assert events.trades == ()
    _, events = step(state, market(MONDAY + timedelta(1), AAA=bar(96.0)), [], later)
    assert (events.trades[0].exit_price, events.trades[0].reason) == (pytest.approx(95.52), "stop_loss")


def test_a_broken_week_sells_at_the_next_open_but_only_after_the_transition() -> None:
    settings = rules()
    state = book(settings, AAA=(100.0, 80))
    for weeks, pending in ((0, None), (1, None), (2, "trend_break")):
        friday = MONDAY + timedelta(4 + 7 * weeks)
        state, _ = step(state, market(friday, ["AAA"], AAA=bar(99.0)), [], settings)
        assert state.positions[0].pending == pending
    _, events = step(state, market(friday + timedelta(3), AAA=bar(98.0)), [], settings)
    assert (events.trades[0].reason, events.trades[0].exit_price) == ("trend_break", pytest.approx(97.51))


def test_an_exit_without_a_bar_stays_pending_unless_the_original_is_wanted() -> None:
    tuesday = MONDAY + timedelta(1)
    for changes, kept in (({}, "stop_loss"), (COMPATIBLE, None)):
        settings = rules(**{**changes, "stop_mode": "close_next_open"})
        state, _ = step(
            PortfolioState(), market(MONDAY, AAA=bar(100.0, close=85.0)), [candidate("AAA")], settings
        )
        state, events = step(state, market(tuesday, BBB=bar(1.0)), [], settings)
        assert events.trades == ()
        assert state.positions[0].pending == kept


def test_maximum_holding_sells_at_the_close_without_slippage() -> None:
    settings = rules(max_holding_days=3)
    state = book(settings, AAA=(100.0, 80))
    state, events = step(state, market(MONDAY + timedelta(2), AAA=bar(101.0)), [], settings)
    assert events.trades == ()
    _, events = step(state, market(MONDAY + timedelta(3), AAA=bar(101.0, close=103.0)), [], settings)
    assert (events.trades[0].reason, events.trades[0].exit_price) == ("max_holding", 103.0)


def full_book(settings: PortfolioRules) -> PortfolioState:
    state = book(settings, day=FRIDAY, AAA=(100.0, 60), BBB=(100.0, 65))
    friday = market(FRIDAY + timedelta(3), AAA=bar(97.0), BBB=bar(99.0))
    return step(state, friday, [], settings)[0]


def test_rotation_replaces_the_worst_loser_by_a_strictly_better_score() -> None:
    settings = rules(max_positions=2)
    today = market(MONDAY + timedelta(1), AAA=bar(96.0), BBB=bar(99.0), CCC=bar(50.0), DDD=bar(50.0))
    state, events = step(full_book(settings), today, [candidate("DDD", 66), candidate("CCC", 70)], settings)
    assert [(t.position.symbol, t.reason, t.exit_price) for t in events.trades] == [
        ("AAA", "rotated_out", pytest.approx(95.52))
    ]
    assert symbols(state) == ["BBB", "CCC"]
    assert [(s.candidate.ticker, s.reason) for s in events.skipped] == [("DDD", "capacity_full")]


@pytest.mark.parametrize(("score", "reason"), [(60, "capacity_full"), (None, "capacity_full")])
def test_an_equal_or_missing_score_rotates_nothing(score: int | None, reason: str) -> None:
    settings = rules(max_positions=2)
    today = market(MONDAY + timedelta(1), AAA=bar(96.0), BBB=bar(99.0), CCC=bar(50.0))
    _, events = step(full_book(settings), today, [candidate("CCC", score)], settings)
    assert [skip.reason for skip in events.skipped] == [reason]
    assert events.trades == ()


def test_a_gap_up_entry_does_not_hide_the_real_loser() -> None:
    # AAA lost 300 by Friday. BBB opens today on a gap from 90 to 100: by yesterday's close it "lost" 1,000.
    state = book(rules(), day=FRIDAY, AAA=(100.0, 60))
    state, _ = step(state, market(FRIDAY + timedelta(3), AAA=bar(97.0)), [], rules())
    day = market(
        MONDAY + timedelta(1), AAA=bar(97.0), BBB=bar(100.0, previous=90.0), CCC=bar(50.0, previous=50.0)
    )
    found = [candidate("BBB", 90), candidate("CCC", 80)]
    assert symbols(step(state, day, found, rules(max_positions=2))[0]) == ["BBB", "CCC"]
    original = rules(**{**COMPATIBLE, "max_positions": 2})
    assert symbols(step(state, day, found, original)[0]) == ["AAA", "BBB"]


def test_skips_name_their_reason() -> None:
    settings = rules(position_size=150.0)
    state = book(settings, AAA=(100.0, 80))
    today = market(MONDAY + timedelta(1), AAA=bar(100.0), BBB=bar(200.0))
    found = [candidate("AAA", 90), candidate("BBB", 80), candidate("CCC", 70)]
    _, events = step(state, today, found, settings)
    assert [skip.reason for skip in events.skipped] == ["duplicate_ticker", "zero_shares", "no_price_data"]


def test_a_ticker_sold_at_the_open_may_be_bought_again() -> None:
    settings = rules(stop_mode="close_next_open")
    state, _ = step(
        PortfolioState(), market(MONDAY, AAA=bar(100.0, close=85.0)), [candidate("AAA")], settings
    )
    state, events = step(state, market(MONDAY + timedelta(1), AAA=bar(90.0)), [candidate("AAA")], settings)
    assert len(events.trades) == 1
    assert state.positions[0].entry_price == 90.0


def test_live_selection_sizes_by_the_report_and_rounds_the_stop_to_cents() -> None:
    settings = PortfolioRules.model_validate({"size_from": "reference", "quality_filter": False})
    found = [candidate("AAA", 90, price=120.0), candidate("BBB", 80), candidate("CCC", 70)]
    today = market(MONDAY, AAA=bar(133.33), BBB=bar(100.0), CCC=bar(100.0))
    state, events = step(PortfolioState(), today, found, settings)
    held = state.positions[0]
    assert (held.shares, held.stop_price) == (83, 120.0)  # 133.33 x 0.9 = 119.997
    assert [(s.candidate.ticker, s.reason) for s in events.skipped] == [("CCC", "daily_limit")]


def test_a_resting_stop_is_first_when_a_position_that_should_leave_opens_below_it() -> None:
    settings = PortfolioRules.model_validate({"size_from": "reference", "trailing_transition_weeks": 0})
    state, _ = step(PortfolioState(), market(MONDAY, ["AAA"], AAA=bar(100.0)), [candidate("AAA")], settings)
    assert state.positions[0].pending == "trend_break"
    _, events = step(state, market(MONDAY + timedelta(1), AAA=bar(85.0)), [], settings)
    assert (events.trades[0].reason, events.trades[0].exit_price) == ("stop_loss", pytest.approx(84.575))


def test_an_unknown_ticker_uses_up_no_live_entry_one_that_does_not_open_does() -> None:
    settings = PortfolioRules.model_validate({"size_from": "reference", "daily_entry_limit": 1})
    unknown, halted, traded = candidate("ZZZ", 95), candidate("HALT", 93), candidate("AAA", 90)
    session = replace(market(MONDAY, AAA=bar(100.0)), known={"AAA", "HALT"})

    state, events = step(PortfolioState(), session, [unknown, traded], settings)
    assert [held.symbol for held in state.positions] == ["AAA"]
    assert [(s.candidate.ticker, s.reason) for s in events.skipped] == [("ZZZ", "no_price_data")]

    state, events = step(PortfolioState(), session, [unknown, halted, traded], settings)
    assert state.positions == ()
    assert [(s.candidate.ticker, s.reason) for s in events.skipped] == [
        ("ZZZ", "no_price_data"),
        ("AAA", "daily_limit"),
        ("HALT", "no_price_data"),
    ]


def test_a_gap_makes_a_live_entry_no_bigger_than_its_cap() -> None:
    settings = PortfolioRules.model_validate({"size_from": "reference", "quality_filter": False})
    found = [candidate("AAA", 90, price=120.0)]  # 83 shares; 12,000 / 160 allows 75
    state, _ = step(PortfolioState(), market(MONDAY, AAA=bar(160.0)), found, settings)
    assert state.positions[0].shares == 75


def test_the_step_changes_no_state_it_was_given() -> None:
    settings = rules()
    before = book(settings, AAA=(100.0, 80))
    copy = PortfolioState(before.positions, before.realized)
    step(before, market(MONDAY + timedelta(1), AAA=bar(50.0)), [], settings)
    assert before == copy
