"""Other fills in the place of the simulator's: what is not filled stays, a part leaves a rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from backtest.core.candidate import Candidate
from backtest.simulator.positions.fills import SIMULATED, Fills, Sale
from backtest.simulator.positions.model import Held, MarketSession, PortfolioRules, PortfolioState, SessionBar
from backtest.simulator.positions.step import step

DAY = date(2026, 1, 7)
RULES = PortfolioRules(size_from="reference", slippage_pct=0)
BAR = SessionBar(open=100.0, high=101.0, low=95.0, close=98.0, previous_close=99.0)
HELD = Held("AAA", DAY, "A", 80.0, date(2026, 1, 5), 97.0, 40, 96.0, 99.0)


class Scripted(Fills):
    def __init__(self, entry: int = 10**6, exit_: Sale | None = None, stop: Sale | None = None) -> None:
        self.shares, self.sale, self.stopped = entry, exit_, stop

    def entry(self, held: Held) -> Held | None:
        return replace(held, shares=min(held.shares, self.shares)) if self.shares else None

    def exit(self, held: Held, price: float, reason: str) -> Sale | None:
        return self.sale

    def stop(self, held: Held, price: float | None) -> Sale | None:
        return self.stopped


def play(
    fills: Fills, *held: Held, entered: tuple[Candidate, ...] = ()
) -> tuple[PortfolioState, list[float]]:
    session = MarketSession(DAY, 1, {"AAA": BAR, "BBB": BAR})
    after, events = step(PortfolioState(held), session, entered, RULES, fills)
    return after, [trade.pnl for trade in events.trades]


def test_the_simulators_own_fills_stop_at_the_stop() -> None:
    after, made = play(SIMULATED, HELD)
    assert (after.positions, made) == ((), [-40.0])


@pytest.mark.parametrize(("stop", "left", "made"), [(None, 40, []), (Sale(95.5, 15), 25, [-22.5])])
def test_a_stop_that_is_not_or_partly_filled(stop: Sale | None, left: int, made: list[float]) -> None:
    after, pnl = play(Scripted(stop=stop), HELD)
    assert ([held.shares for held in after.positions], pnl, after.realized) == ([left], made, sum(made))


@pytest.mark.parametrize(("sale", "left", "made"), [(None, [40], []), (Sale(99.0, 30), [10], [60.0])])
def test_an_exit_that_is_not_or_partly_filled(sale: Sale | None, left: list[int], made: list[float]) -> None:
    after, pnl = play(Scripted(exit_=sale), replace(HELD, pending="trend_break"))
    assert ([held.shares for held in after.positions], pnl) == (left, made)


@pytest.mark.parametrize(("shares", "held"), [(0, []), (7, [7]), (10**6, [100])])
def test_an_entry_that_is_not_or_partly_filled(shares: int, held: list[int]) -> None:
    after, _ = play(Scripted(entry=shares), entered=(Candidate("BBB", DAY, "A", 80.0, price=100.0),))
    assert [position.shares for position in after.positions] == held
