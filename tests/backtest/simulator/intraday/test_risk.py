"""The risk of a day: each check below and at its limit, their order, the breaker."""

from typing import Any

import pytest

from backtest.simulator.intraday.risk import WARNING, OpenTrade, RiskBook
from backtest.strategies.opening_range_breakout.limits import RiskLimits

TRADE = OpenTrade("1000", 120.0)


def book(
    realised: float = 0.0, opened: int = 0, entries: int = 0, label: str = "1000", **limits: Any
) -> RiskBook:
    found = RiskBook(RiskLimits(**limits))
    found.realised_r, found.entries = realised, entries
    found.open = {str(n): OpenTrade(label, 120.0) for n in range(opened)}
    return found


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (book(-4.99), ""),
        (book(-5.0), "circuit_breaker"),
        (book(opened=2, label="0900"), ""),
        (book(opened=3, label="0900"), "max_concurrent_positions"),
        (book(opened=1, label="0900"), ""),
        (book(opened=1), "max_per_orb_positions"),
        (book(entries=14), ""),
        (book(entries=15), "max_daily_trades"),
        (book(-5.0, opened=3, entries=15), "circuit_breaker"),
        (book(opened=3, entries=15), "max_concurrent_positions"),
        (book(opened=1, entries=15), "max_per_orb_positions"),
    ],
)
def test_checks_and_their_order(state: RiskBook, reason: str) -> None:
    answer = state.ask("1000")
    assert (answer.allowed, answer.reason) == (not reason, reason)


@pytest.mark.parametrize(("realised", "note"), [(-2.99, ""), (-3.0, WARNING), (-4.99, WARNING)])
def test_a_warning_does_not_keep_out(realised: float, note: str) -> None:
    answer = book(realised).ask("1000")
    assert (answer.allowed, answer.note) == (True, note)


def test_the_breaker_stays_open_until_the_next_day() -> None:
    one = book()
    for name, result in (("a", -5.0), ("b", 4.0)):
        one.enter(name, TRADE)
        one.leave(name, result, result * 100)
    assert one.realised_r == -1.0
    assert one.halted
    assert one.ask("1000").reason == "circuit_breaker"
    assert RiskBook(one.limits).ask("1000").allowed


def test_entries_are_counted_and_exits_make_room() -> None:
    one = book(max_concurrent_positions=1, max_daily_trades=2)
    one.enter("a", TRADE)
    assert one.ask("0900").reason == "max_concurrent_positions"
    one.leave("a", 1.0, 100.0)
    assert one.ask("1000").allowed
    one.enter("b", TRADE)
    one.leave("b", 1.0, 100.0)
    assert one.ask("1000").reason == "max_daily_trades"


def test_open_trades_count_as_lost_where_that_is_wanted() -> None:
    assert book(-3.0, opened=2, label="0900", count_open_risk=True).ask("1000").reason == "circuit_breaker"
    assert book(-2.9, opened=2, label="0900", count_open_risk=True).ask("1000").allowed
    waiting = book(-3.0, opened=2, label="0900", count_open_risk=True)
    waiting.leave("0", 1.0, 100.0)
    assert waiting.ask("1000").allowed  # the worst did not happen


@pytest.mark.parametrize(("dollars", "allowed"), [(-899.0, True), (-900.0, False)])
def test_a_limit_in_dollars(dollars: float, allowed: bool) -> None:
    one = book(halt_dollars=-900.0)
    one.enter("a", TRADE)
    one.leave("a", -1.0, dollars)
    assert one.ask("1000").allowed is allowed
