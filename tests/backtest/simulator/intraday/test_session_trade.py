"""A trade of a session: its target in doubles and ticks, excursions, results."""

import pytest

from backtest.indicators.intraday.price_grid import PriceGrid
from backtest.simulator.intraday.plan import planned
from backtest.simulator.intraday.session_range import SessionRange
from backtest.simulator.intraday.session_trade import SessionTrade
from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY, label_of, window_of
from tests.support.orb_sessions import DAY, START, key

MGC = INSTRUMENTS["MGC"]


def trade(
    side: int = 1, grid: PriceGrid | None = None, high: float = 2700.0, low: float = 2690.0
) -> SessionTrade:
    window = window_of(label_of("1000"), FUTURES_DAY.day(DAY.day), 5)
    assert window is not None
    scale = 1 if grid is None else grid.scale
    one = SessionRange(window, 1, "BROKEN", 5, high * scale, low * scale, side, START)
    return SessionTrade(planned([key()], MGC)[0], one, grid)


@pytest.mark.parametrize(("side", "entry", "target"), [(1, 2701.0, 2723.0), (-1, 2689.0, 2667.0)])
@pytest.mark.parametrize("scale", [None, 100])
def test_the_target_lies_twice_the_risk_away(
    side: int, entry: float, target: float, scale: int | None
) -> None:
    grid = None if scale is None else PriceGrid(scale)
    one = trade(side, grid)
    one.enters(START, entry * (scale or 1))
    assert (one.price(one.target), one.risk_points, one.direction) == (
        target,
        11.0,
        "long" if side > 0 else "short",
    )


def test_excursions_are_of_the_bars_after_the_entry_or_of_the_entry_bar_that_ends_it() -> None:
    one = trade()
    one.enters(START, 2701.0)
    assert one.sees(START, 2710.0, 2691.0) == rules.OPEN
    assert (one.worst, one.best) == (0.0, 0.0)
    later = START.replace(minute=1)
    assert one.sees(later, 2703.0, 2700.0) == rules.OPEN
    assert one.excursions_r(MGC) == (round(10 / 118.4, 4), round(20 / 118.4, 4))
    other = trade()
    other.enters(START, 2701.0)
    assert other.sees(START, 2724.0, 2700.0) == rules.TARGET
    assert (other.worst, other.best) == (1.0, 23.0)


@pytest.mark.parametrize(
    ("exit_", "outcome", "result"),
    [(2723.0, "win", 1.7872), (2690.0, "loss", -1.0), (2702.0, "scratch", 0.0135)],
)
def test_results_of_the_specification(exit_: float, outcome: str, result: float) -> None:
    one = trade()
    one.enters(START, 2701.0)
    one.contracts = 3
    one.ends(START, exit_, outcome, "", MGC)  # type: ignore[arg-type]
    assert one.result_r == result
    assert one.dollars == pytest.approx(((exit_ - 2701.0) * 10 - 8.4) * 3)
