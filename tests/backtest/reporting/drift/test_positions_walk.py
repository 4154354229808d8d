"""Which live facts trade in a walk, and what an order becomes by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from backtest.reporting.drift.facts import LiveFill, LiveSession, Shares, Step
from backtest.reporting.drift.positions_walk import WalkFills, trades_of
from backtest.simulator.positions.fills import Sale
from backtest.simulator.positions.model import Held, PortfolioRules, Trade

DAY = date(2026, 1, 7)
FILLS = (LiveFill("AAA", "sell", 30, Decimal("99.5")), LiveFill("AAA", "sell", 10, Decimal("99.9")))
LIVE = LiveSession(
    DAY,
    figures={},
    planned={"AAA": -50},
    wanted={"AAA": -45},
    sent={"AAA": -42},
    fills=FILLS,
    quotes={"AAA": 101.0},
)
HELD = Held("AAA", DAY, "A", 80.0, DAY, 97.0, 60, 90.0, 99.0)


def fills(
    upto: Step, trades: Shares | None, *, stops: tuple[LiveFill, ...] = (), mine: int = 80
) -> WalkFills:
    return WalkFills(LIVE, stops, {"AAA": 95.0}, PortfolioRules(), upto, trades, {"AAA": mine})


@pytest.mark.parametrize(
    ("upto", "expected"),
    [
        (Step.BACKTEST, None),
        (Step.DATA, -50),
        (Step.HELD_EDITED, -45),
        (Step.MISSED, -45),
        (Step.ROUNDING, -42),
        (Step.TIMING, -42),
        (Step.SLIPPAGE, -40),
        (Step.CASH_FLOWS, -40),
    ],
)
def test_each_walk_trades_what_its_newest_fact_says(upto: Step, expected: int | None) -> None:
    found = trades_of(LIVE, upto, has_file=True)
    assert found == (None if expected is None else {"AAA": expected})


def test_a_missed_session_trades_nothing_and_one_without_a_file_decides_by_itself() -> None:
    missed = LiveSession(DAY, figures={}, planned={"AAA": 5}, wanted={"AAA": 5}, missed=True)
    assert trades_of(missed, Step.HELD_EDITED, has_file=True) == {"AAA": 5}
    assert trades_of(missed, Step.MISSED, has_file=True) == {}
    assert trades_of(LiveSession(DAY), Step.CASH_FLOWS, has_file=False) is None


@pytest.mark.parametrize(("sold", "mine", "shares"), [(80, 80, 60), (40, 80, 30), (0, 80, 0)])
def test_the_same_part_is_sold_that_live_sold(sold: int, mine: int, shares: int) -> None:
    sale = fills(Step.ROUNDING, {"AAA": -sold}, mine=mine).exit(HELD, 100.0, "trend_break")
    assert sale == (Sale(100.0, shares) if shares else None)


def test_a_sale_has_the_quote_and_then_the_average_of_the_fills_but_no_stop_has() -> None:
    price = PortfolioRules().slippage_pct
    timed = fills(Step.TIMING, {"AAA": -80}).exit(HELD, 100.0, "trend_break")
    assert timed == Sale(round(101.0 * (1 - price / 100), 6), 60)
    assert fills(Step.TIMING, {"AAA": -80}).exit(HELD, 90.0, "stop_loss") == Sale(90.0, 60)
    filled = fills(Step.SLIPPAGE, {"AAA": -80}).exit(HELD, 90.0, "x")
    assert filled is not None
    assert (filled.price, filled.shares) == (pytest.approx(99.6), 60)


def test_a_stop_follows_the_bars_and_then_the_broker() -> None:
    assert fills(Step.TIMING, {}).stop(HELD, 90.0) == Sale(90.0, 60)
    assert fills(Step.SLIPPAGE, {}).stop(HELD, 90.0) is None
    stopped = (LiveFill("AAA", "sell", 25, Decimal("88.5")),)
    assert fills(Step.SLIPPAGE, {}, stops=stopped).stop(HELD, None) == Sale(88.5, 25)


def test_live_fills_are_rounded_each_by_itself() -> None:
    walk = fills(Step.SLIPPAGE, {"AAA": -40})
    position = Held("AAA", DAY, "A", 80.0, DAY, 97.0, 40, 90.0, 99.0)
    assert walk.received(Trade(position, DAY, 99.6, "trend_break")) == pytest.approx(30 * 99.5 + 10 * 99.9)
