"""The live decision: weekly exits, rotation, entries, skips, and what happens without a report."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.candidates.schedule import entry_session
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate, Grade
from backtest.core.decision import Book, Decision, Json, OpenPosition, Situation
from backtest.strategies.earnings_swing.strategy import build
from backtest.strategies.registry import load_strategy

MONDAY = date(2024, 4, 1)  # after Good Friday: the week before ended on Thursday 2024-03-28
THURSDAY = date(2024, 3, 28)
LOWS = {"trailing_stop": "weekly_nweek_low", "trailing_nweek_period": 2, "trailing_transition_weeks": 2}


def closes(symbol: str, rows: list[tuple[str, int]]) -> Bars:
    days = np.array([day for day, _ in rows], dtype="datetime64[D]")
    prices = np.array([float(price) for _, price in rows])
    return Bars(symbol, days, prices, prices, prices, prices, np.full(len(rows), 1.0))


def falling(symbol: str = "AAA") -> Bars:
    """Two weeks at 100, then a close at 90 in the week that ends on Thursday."""
    return closes(
        symbol,
        [
            ("2024-03-08", 100),
            ("2024-03-15", 100),
            ("2024-03-22", 100),
            ("2024-03-27", 90),
            ("2024-03-28", 90),
            ("2024-04-01", 89),
        ],
    )


def held(
    symbol: str = "AAA",
    entry: date = date(2024, 3, 8),
    price: float = 100.0,
    shares: int = 100,
    score: float = 60.0,
) -> OpenPosition:
    return OpenPosition(symbol, shares, price, entry, 90.0, {"score": score})


def situation(
    positions: list[OpenPosition],
    session: date = MONDAY,
    decided_on: date = THURSDAY,
    candidates: tuple[Candidate, ...] | None = (),
    memory: Json | None = None,
) -> Situation:
    book = Book(0.0, {position.symbol: position for position in positions})
    return Situation(session, decided_on, book, memory or {}, candidates)


def candidate(
    ticker: str,
    score: float,
    price: float | None = 100.0,
    day: date = MONDAY,
    grade: Grade = "B",
    gap: float = 3.0,
) -> Candidate:
    return Candidate(ticker, day, grade, score, price, gap, f"{ticker} Inc")


def decide(history: dict[str, Bars], given: Situation, **parameters: Any) -> Decision:
    return build("test", parameters).evaluate(history).decide(given)


def test_a_break_in_the_last_completed_week_is_sold_before_the_next_open() -> None:
    decision = decide({"AAA": falling()}, situation([held()]), **LOWS)
    assert [(e.symbol, e.reason) for e in decision.exits] == [("AAA", "trend_break")]
    (check,) = decision.diagnostics["checks"]
    assert (check["close"], check["indicator"], check["completed_weeks"]) == (90.0, 100.0, 3)


@pytest.mark.parametrize("day", [date(2024, 3, 26), date(2024, 3, 27), date(2024, 4, 1)])
def test_a_run_inside_a_week_ends_nothing(day: date) -> None:
    given = situation([held()], session=date(2024, 4, 3), decided_on=day)
    assert decide({"AAA": falling()}, given, **LOWS).exits == ()


def test_an_up_trend_is_kept() -> None:
    rising = closes(
        "AAA", [("2024-03-08", 100), ("2024-03-15", 101), ("2024-03-22", 102), ("2024-03-28", 103)]
    )
    for parameters in (LOWS, {"trailing_ema_period": 2}):
        assert decide({"AAA": rising}, situation([held()]), **parameters).exits == ()


def test_the_ema_break_is_judged_on_the_weekly_close() -> None:
    # EMA(2): 100, 100 then 90 x 2/3 + 100 x 1/3 = 93.33: a close of 90 is below it
    decision = decide({"AAA": falling()}, situation([held()]), trailing_ema_period=2)
    assert decision.exits[0].reason == "trend_break"
    assert decision.diagnostics["checks"][0]["indicator"] == 93.333333


@pytest.mark.parametrize(("entry", "sold"), [(date(2024, 3, 15), True), (date(2024, 3, 18), False)])
def test_the_entry_week_never_counts_towards_the_transition(entry: date, sold: bool) -> None:
    decision = decide({"AAA": falling()}, situation([held(entry=entry)]), **LOWS)
    assert bool(decision.exits) is sold


def test_bars_after_the_decision_day_change_nothing() -> None:
    whole = decide({"AAA": falling()}, situation([held()]), **LOWS)
    cut = decide({"AAA": falling().until(THURSDAY)}, situation([held()]), **LOWS)
    assert whole == cut


def test_an_exit_that_found_no_market_is_proposed_again_but_not_for_a_new_position() -> None:
    first = decide({"AAA": falling()}, situation([held()]), **LOWS)
    tuesday = date(2024, 4, 2)
    later = situation([held()], tuesday, MONDAY, memory=first.memory)
    again = decide({"AAA": falling()}, later, **LOWS)
    assert [(e.symbol, e.reason) for e in again.exits] == [("AAA", "trend_break")]
    after_entry = situation([held(entry=MONDAY)], tuesday, MONDAY, memory=first.memory)
    bought_again = decide({"AAA": falling()}, after_entry, **LOWS)
    assert bought_again.exits == ()


def test_without_a_report_entries_and_rotation_are_blocked_and_exits_run() -> None:
    decision = decide({"AAA": falling()}, situation([held()], candidates=None), max_positions=1, **LOWS)
    assert len(decision.exits) == 1
    assert decision.entries == ()
    assert decision.diagnostics["price_validation_failed"] is True
    assert any("no valid report" in warning for warning in decision.warnings)
    empty = decide({"AAA": falling()}, situation([held()], candidates=()), **LOWS)
    assert empty.diagnostics["price_validation_failed"] is False


def test_a_position_without_bars_is_a_warning_and_stops_no_other_exit() -> None:
    decision = decide({"AAA": falling()}, situation([held(), held("ZZZ")]), **LOWS)
    assert [e.symbol for e in decision.exits] == ["AAA"]
    assert any("ZZZ" in warning for warning in decision.warnings)


def test_maximum_holding_counts_calendar_days() -> None:
    for entry, sold in ((date(2024, 3, 2), True), (date(2024, 3, 3), False)):
        decision = decide(
            {"AAA": falling()}, situation([held(entry=entry)]), trailing_stop=None, max_holding_days=30
        )
        assert [e.reason for e in decision.exits] == (["max_holding"] if sold else [])


def test_candidates_of_another_session_are_skipped() -> None:
    given = situation([], candidates=(candidate("OLD", 90, day=date(2024, 3, 27)), candidate("NEW", 80)))
    decision = decide({}, given)
    assert [e.symbol for e in decision.entries] == ["NEW"]
    assert [(s.symbol, s.reason) for s in decision.skipped] == [("OLD", "not_this_session")]


def test_a_weekend_report_is_traded_on_monday_and_the_day_after_mode_waits() -> None:
    assert entry_session(date(2024, 3, 29), "report_open") == MONDAY
    assert entry_session(MONDAY, "report_open") == MONDAY
    assert entry_session(MONDAY, "next_day_open") == date(2024, 4, 2)


def test_an_entry_carries_quantity_stop_rank_and_what_the_executor_needs() -> None:
    (entry,) = decide({}, situation([], candidates=(candidate("AAA", 82.5, price=333.0),))).entries
    assert (entry.quantity, entry.stop_price, entry.rank) == (30, 299.7, 82.5)
    assert entry.details["stop_loss_pct"] == 10.0
    assert entry.details["max_order_value"] == 12_000.0
    assert entry.details["company_name"] == "AAA Inc"


def test_a_candidate_without_a_certain_price_is_skipped() -> None:
    decision = decide({}, situation([], candidates=(candidate("AAA", 80, price=None),)))
    assert [s.reason for s in decision.skipped] == ["no_price"]


def test_a_position_that_leaves_today_makes_room_but_is_not_bought_back() -> None:
    given = situation([held()], candidates=(candidate("AAA", 95), candidate("BBB", 80)))
    decision = decide({"AAA": falling()}, given, max_positions=1, **LOWS)
    assert [e.symbol for e in decision.entries] == ["BBB"]
    assert [(s.symbol, s.reason) for s in decision.skipped] == [("AAA", "already_held")]


def test_rotation_never_sells_for_a_candidate_that_cannot_be_bought() -> None:
    losing = {"AAA": closes("AAA", [("2024-03-28", 97)])}
    given = situation([held()], candidates=(candidate("BBB", 99, price=20_000.0),))
    decision = decide(losing, given, max_positions=1)
    assert decision.exits == ()
    assert [s.reason for s in decision.skipped] == ["qty_zero"]


def test_the_two_variants_differ_in_the_trailing_stop_only(project_root: Path) -> None:
    ema, low = (
        load_strategy(project_root / f"config/strategies/{name}.yaml") for name in ("ema_p10", "nwl_p4")
    )
    different = {name for name in ema.parameters if ema.parameters[name] != low.parameters[name]}
    assert different == {"trailing_stop"}
    assert (ema.variant, low.variant, ema.family.name) == ("ema_p10", "nwl_p4", "positions")
    assert low.overridden == ("trailing_stop",)
    assert ema.overridden == ()


# --- reference cases ----------------------------------------------------------------------------------------


@pytest.mark.shared
def test_reference_signals(shared_data: Path) -> None:
    cases = json.loads((shared_data / "reference" / "earnings_signals_dev.json").read_text())["cases"]
    for name, case in cases.items():
        session = date.fromisoformat(case["trade_date"])
        day = np.array(["2026-02-13"], dtype="datetime64[D]")
        history, positions = {}, []
        for row in case["open_positions"]:
            ticker, shares = row["ticker"], row["shares"]
            close = np.array([row["entry_price"] + case["broker_unrealized_pl"][ticker] / shares])
            history[ticker] = Bars(ticker, day, close, close, close, close, close)
            entry = date.fromisoformat(row["entry_date"])
            positions.append(
                OpenPosition(
                    ticker, shares, row["entry_price"], entry, row["stop_price"], {"score": row["score"]}
                )
            )
        found = tuple(
            Candidate(
                c["ticker"], session, c["grade"], c["score"], c["price"], c["gap_size"], c["company_name"]
            )
            for c in case["candidates"]
        )
        given = situation(positions, session, date(2026, 2, 13), found)
        decision = decide(history, given, **case["config_overrides"])
        expected = case["expected_primary_signals"]
        assert [(e.symbol, e.reason) for e in decision.exits] == [
            (e["ticker"], e["reason"]) for e in expected["exits"]
        ], name
        assert [
            (e.symbol, e.quantity, e.details["score"], e.details["grade"], e.stop_price)
            for e in decision.entries
        ] == [
            (e["ticker"], e["qty"], e["score"], e["grade"], e["stop_price"]) for e in expected["entries"]
        ], name
        assert [(s.symbol, s.reason, s.details["score"]) for s in decision.skipped] == [
            (s["ticker"], s["reason"], s["score"]) for s in expected["skipped"]
        ], name
        for key in ("open_positions_before", "open_positions_after", "daily_entry_limit"):
            assert decision.diagnostics[key] == expected["summary"][key], name
