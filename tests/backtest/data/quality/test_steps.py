"""Steps from a close to the next prices: what explains each, and which symbol of a pair is wrong."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from backtest.core.bars import Bars
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.confirmations import Confirmations, ConfirmedPrice
from backtest.data.quality.findings import PriceFinding
from backtest.data.quality.relations import PriceRelation
from backtest.data.quality.steps import Steps
from tests.support.scripted_strategy import make_bars

FIRST = date(2024, 1, 2)
ROW = 80
DAYS = [day for n in range(140) if (day := FIRST + timedelta(days=n)).weekday() < 5]
TWICE = PriceRelation("FUND", "INDEX", 2.0)


def history(
    symbol: str, moves: dict[int, float] | None = None, usual: float = 0.005, multiple: float = 1
) -> Bars:
    """Closes that go up and down by `usual`, but for the given moves; every open is that day's close.

    The close decides: high and low are the body, so that only steps can be wrong.
    """
    closes = [100.0]
    for row in range(1, len(DAYS)):
        move = (moves or {}).get(row, multiple * usual * (1 if row % 2 else -1))
        closes.append(closes[-1] * (1 + move))
    return make_bars(symbol, dict(zip(DAYS, closes, strict=True)))


def found(
    *bars: Bars,
    relations: tuple[PriceRelation, ...] = (),
    actions: tuple[CorporateAction, ...] = (),
    confirmed: tuple[ConfirmedPrice, ...] = (),
) -> list[PriceFinding]:
    histories = {history.symbol: history for history in bars}
    return list(Steps(histories, relations, actions, Confirmations(confirmed)).findings())


def named(findings: list[PriceFinding]) -> set[tuple[str, date, str]]:
    return {(one.symbol, one.day, one.kind) for one in findings}


def test_a_quiet_market_and_an_empty_one_have_no_finding() -> None:
    assert found(history("INDEX"), history("FUND", multiple=2), relations=(TWICE,)) == []
    assert found() == found(make_bars("AAA", {})) == []


@pytest.mark.parametrize(("move", "wrong"), [(0.24, False), (0.26, True), (-0.14, False), (-0.36, True)])
def test_a_stock_alone_may_move_a_quarter(move: float, wrong: bool) -> None:
    """18 usual days of half a percent (1.4826 x 0.5 % = 0.74 %) are 13 %: the fraction of 25 % decides."""
    assert bool(found(history("AAA", {ROW: move}))) is wrong


def test_a_wild_stock_may_move_eighteen_of_its_usual_days() -> None:
    """A usual day of 2 % is a sigma of 3 %: 18 of them are a log step of 0.53, a factor of 1.7."""
    assert found(history("AAA", {ROW: 0.6}, usual=0.02)) == []
    assert named(found(history("AAA", {ROW: 0.8}, usual=0.02))) == {("AAA", DAYS[ROW], "price")}


def test_a_step_names_its_habit() -> None:
    opened, closed = found(history("AAA", {ROW: 0.4}))
    assert (opened.field, closed.field) == ("open", "close")
    assert (
        "times its usual daily step of 0.7%; judged by its own history and the quote alone" in closed.problem
    )


@pytest.mark.parametrize("move", [0.1, -0.1])
def test_a_move_of_both_is_no_fault(move: float) -> None:
    both = history("INDEX", {ROW: move}), history("FUND", {ROW: 2 * move}, multiple=2)
    assert found(*both, relations=(TWICE,)) == []


def test_the_side_that_moved_more_of_its_usual_days_is_wrong() -> None:
    fund = found(history("INDEX"), history("FUND", {ROW: 0.15}, multiple=2), relations=(TWICE,))
    assert named(fund) == {("FUND", DAYS[ROW], "price")}
    assert "FUND moved +15.0%, INDEX -0.5% x 2 = -1.0%" in fund[0].problem
    index = found(history("INDEX", {ROW: 0.15}), history("FUND", multiple=2), relations=(TWICE,))
    assert named(index) == {("INDEX", DAYS[ROW], "price")}


def test_an_index_that_fits_another_fund_is_right_and_one_that_fits_none_is_wrong() -> None:
    relations = (TWICE, PriceRelation("SHORT", "INDEX", -1.0))
    short = history("SHORT", {ROW: -0.05}, multiple=-1)
    moved = history("INDEX", {ROW: 0.05})
    assert named(found(moved, history("FUND", multiple=2), short, relations=relations)) == {
        ("FUND", DAYS[ROW], "price")
    }
    quiet = history("SHORT", multiple=-1)
    lone = history("INDEX", {ROW: 0.12})
    assert named(found(lone, history("FUND", multiple=2), quiet, relations=relations)) == {
        ("INDEX", DAYS[ROW], "price")
    }


HALF = {ROW: -0.5}
SPLIT = CorporateAction("AAA", DAYS[ROW], "split", Fraction(2))


def test_an_opening_at_the_factor_of_a_split_that_nobody_recorded() -> None:
    (split,) = found(history("AAA", HALF))
    assert (split.kind, split.severity, split.day) == ("split", "error", DAYS[ROW])
    assert f"jutsu data split AAA {DAYS[ROW]} 2:1" in split.remedy


def test_a_recorded_split_explains_its_step_and_no_other() -> None:
    assert found(history("AAA", HALF), actions=(SPLIT,)) == []
    later = CorporateAction("AAA", DAYS[ROW] + timedelta(days=1), "split", Fraction(2))
    other = CorporateAction("BBB", DAYS[ROW], "split", Fraction(2))
    for action in (later, other):
        assert named(found(history("AAA", HALF), actions=(action,))) == {("AAA", DAYS[ROW], "split")}


def test_a_split_that_was_adjusted_already_makes_no_step() -> None:
    assert found(history("AAA"), actions=(SPLIT,)) == []


def test_half_a_price_for_one_day_is_a_bad_bar() -> None:
    findings = found(history("AAA", {ROW: -0.5, ROW + 1: 1.0}))
    assert (findings[0].kind, findings[0].severity) == ("price", "error")
    assert "taken back within a session: a bad bar" in findings[0].problem
    assert {one.kind for one in findings} == {"price"}


def test_a_small_ratio_of_a_stock_alone_may_be_its_earnings() -> None:
    """2 to 3 after usual days of 2 %: 14 sigmas are more than a split explains, fewer than stop a run."""
    (split,) = found(history("AAA", {ROW: -1 / 3}, usual=0.02))
    assert (split.kind, split.severity) == ("split", "suspicion")
    assert split.problem.endswith("3:2 split, or a stock after its earnings")


def test_a_confirmed_opening_leaves_the_close_to_be_judged() -> None:
    bars = history("AAA", HALF)
    confirmed = ConfirmedPrice("AAA", DAYS[ROW], Decimal(f"{bars.open[ROW]:.2f}"))
    kinds = {(one.kind, one.field) for one in found(bars, confirmed=(confirmed,))}
    assert {("split", "open"), ("price", "close")} <= kinds
